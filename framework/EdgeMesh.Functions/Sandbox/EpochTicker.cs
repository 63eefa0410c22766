using Wasmtime;

namespace EdgeMesh.Functions.Sandbox;

/// <summary>Moves the engine's epoch while calls run, and rests while none does.</summary>
internal sealed class EpochTicker : IDisposable
{
    private readonly ITimer _timer;
    private readonly TimeSpan _tick;
    private readonly Lock _gate = new();
    private int _running;

    public EpochTicker(Engine engine, TimeSpan tick, TimeProvider clock) =>
        (_tick, _timer) = (tick, clock.CreateTimer(_ => engine.IncrementEpoch(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));

    public Ticking Tick()
    {
        Move(1);
        return new Ticking(this);
    }

    public void Dispose() => _timer.Dispose();

    private void Move(int by)
    {
        lock (_gate)
        {
            var was = _running;
            _running += by;
            if (was == 0 || _running == 0)
            {
                var period = _running == 0 ? Timeout.InfiniteTimeSpan : _tick;
                _timer.Change(period, period);
            }
        }
    }

    /// <summary>Ticks until it is disposed.</summary>
    internal readonly struct Ticking(EpochTicker ticker) : IDisposable
    {
        public void Dispose() => ticker.Move(-1);
    }
}
