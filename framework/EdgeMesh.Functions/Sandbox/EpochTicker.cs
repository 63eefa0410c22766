using Wasmtime;

namespace EdgeMesh.Functions.Sandbox;

/// <summary>Moves the engine's epoch while calls run. It ticks on for a little after the last one, so that calls that follow each other do not set
/// the timer each time, and then rests.</summary>
internal sealed class EpochTicker : IDisposable
{
    /// <summary>Ticks without a call until it rests.</summary>
    private const int IdleTicks = 20;

    private readonly Engine _engine;
    private readonly ITimer _timer;
    private readonly TimeSpan _tick;
    private readonly Lock _gate = new();
    private int _running;
    private int _idle;
    private bool _ticks;
    private bool _disposed;

    public EpochTicker(Engine engine, TimeSpan tick, TimeProvider clock) =>
        (_engine, _tick, _timer) = (engine, tick, clock.CreateTimer(_ => OnTick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));

    public Ticking Tick()
    {
        lock (_gate)
        {
            _running++;
            _idle = 0;
            if (!_ticks)
            {
                _ticks = true;
                _timer.Change(_tick, _tick);
            }
        }

        return new Ticking(this);
    }

    /// <summary>Ends whatever runs, as if so much time had passed at once.</summary>
    public void EndAll(TimeSpan longest)
    {
        lock (_gate)
        {
            for (var ticks = (long)(longest / _tick) + 2; ticks > 0 && !_disposed; ticks--)
            {
                _engine.IncrementEpoch();
            }
        }
    }

    /// <summary>Afterwards no tick touches the engine.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        _timer.Dispose();
    }

    private void OnTick()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _engine.IncrementEpoch();
            if (_running == 0 && ++_idle == IdleTicks)
            {
                _ticks = false;
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private void End()
    {
        lock (_gate)
        {
            _running--;
        }
    }

    /// <summary>Ticks until it is disposed.</summary>
    internal readonly struct Ticking(EpochTicker ticker) : IDisposable
    {
        public void Dispose() => ticker.End();
    }
}
