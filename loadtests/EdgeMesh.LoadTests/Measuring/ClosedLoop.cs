using System.Diagnostics;
using HdrHistogram;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>N clients, each of which calls again when it has its answer. Says what a sidecar costs and bears; not how it behaves under a
/// given rate.</summary>
internal static class ClosedLoop
{
    private const long LongestMicroseconds = 60_000_000;

    /// <param name="clients">One call at a time each; false: not the answer that was expected.</param>
    /// <param name="meter">The sidecar's.</param>
    /// <param name="time">How long.</param>
    /// <param name="settle">What still belongs to the calls when the last is answered, such as deliveries.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Sample> RunAsync(
        IReadOnlyList<Func<CancellationToken, ValueTask<bool>>> clients, ProcessMeter meter, TimeSpan time, Func<long, CancellationToken, Task> settle, CancellationToken cancellation)
    {
        var cpu = meter.CpuSeconds();
        var started = Stopwatch.GetTimestamp();
        var runs = await Task.WhenAll(clients.Select(c => Task.Run(() => LoopAsync(c, started, time, cancellation), cancellation)));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var (times, failed) = (new LongHistogram(LongestMicroseconds, 3), 0L);
        foreach (var run in runs)
        {
            times.Add(run.Times);
            failed += run.Failed;
        }

        await settle(times.TotalCount, cancellation);
        return new Sample(
            times.TotalCount / seconds, times.GetValueAtPercentile(50), times.GetValueAtPercentile(99), (meter.CpuSeconds() - cpu) * 1e6 / Math.Max(1, times.TotalCount), failed);
    }

    private static async Task<(LongHistogram Times, long Failed)> LoopAsync(Func<CancellationToken, ValueTask<bool>> call, long started, TimeSpan time, CancellationToken cancellation)
    {
        var (times, failed) = (new LongHistogram(LongestMicroseconds, 3), 0L);
        while (Stopwatch.GetElapsedTime(started) < time)
        {
            var began = Stopwatch.GetTimestamp();
            if (await call(cancellation))
            {
                times.RecordValue(Math.Max(1, (long)Stopwatch.GetElapsedTime(began).TotalMicroseconds));
            }
            else
            {
                failed++;
            }
        }

        return (times, failed);
    }
}
