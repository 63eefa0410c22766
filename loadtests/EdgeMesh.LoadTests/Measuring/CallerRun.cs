using System.Diagnostics;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>A caller that calls at a rate, in bursts of about a millisecond, or without a pause; measures the time within the calls. A late
/// burst is made up for: the rate is that of the intended times.</summary>
internal sealed class CallerRun(TimeSpan time, int? perSecond, Action<int> call)
{
    private const int FlatOutBurst = 100;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    private long _busy;
    private long _worst;

    public long Count { get; private set; }

    public double BusySeconds => _busy / (double)Stopwatch.Frequency;

    /// <summary>Of a burst.</summary>
    public double WorstSeconds => _worst / (double)Stopwatch.Frequency;

    public async Task RunAsync()
    {
        // A thread of its own from here on, as a request has.
        await Task.Yield();
        using var ticks = new PeriodicTimer(Tick, TimeProvider.System);
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < time)
        {
            if (perSecond is null)
            {
                Burst(FlatOutBurst);
                continue;
            }

            Burst((long)(elapsed.TotalSeconds * perSecond.Value) - Count);
            await ticks.WaitForNextTickAsync();
        }
    }

    private void Burst(long calls)
    {
        var began = Stopwatch.GetTimestamp();
        for (var n = 0; n < calls; n++)
        {
            call((int)Count++);
        }

        var took = Stopwatch.GetTimestamp() - began;
        _busy += took;
        _worst = Math.Max(_worst, took);
    }
}
