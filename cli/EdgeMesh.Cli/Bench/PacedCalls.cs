using System.Diagnostics;
using System.Threading.Channels;

namespace EdgeMesh.Cli.Bench;

/// <summary>Calls at a steady rate, whatever the answers take: a thread of its own lets each call go when it is due and waits for nobody. The
/// call's time begins when it was due, so a stall, also of that thread, is seen by all that it held up; the thread's own grain, up to a
/// millisecond, is in it too.</summary>
internal static class PacedCalls
{
    private const int Clients = 32;

    public static async Task<HttpFigures> RunAsync(int rate, TimeSpan time, Func<CancellationToken, Task<bool>> call, CancellationToken cancellation)
    {
        var (count, failed) = ((int)(rate * time.TotalSeconds), 0);
        var times = new double[count];
        var due = Channel.CreateUnbounded<(int Index, long Due)>(new UnboundedChannelOptions { SingleWriter = true });
        var started = Stopwatch.GetTimestamp();
        var pacer = new Thread(() => Pace(due.Writer, rate, count, started, cancellation)) { IsBackground = true, Name = "pacer" };
        pacer.Start();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ClientAsync()));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new(rate, Math.Round(count / seconds, 1), failed, Spread.Of(times));

        async Task ClientAsync()
        {
            await foreach (var (index, at) in due.Reader.ReadAllAsync(cancellation))
            {
                if (!await call(cancellation))
                {
                    Interlocked.Increment(ref failed);
                }

                times[index] = Stopwatch.GetElapsedTime(at).TotalMicroseconds;
            }
        }
    }

    /// <summary>In steps of a millisecond, as fine as a thread can sleep without keeping a processor busy.</summary>
    private static void Pace(ChannelWriter<(int Index, long Due)> due, int rate, int count, long started, CancellationToken cancellation)
    {
#pragma warning disable RS0030 // This thread does nothing but keep time, and a timer's callback would wait for the pool that the calls use.
        for (var next = 0; next < count && !cancellation.IsCancellationRequested; Thread.Sleep(1))
#pragma warning restore RS0030
        {
            for (var now = Stopwatch.GetTimestamp(); next < count && DueAt(next) is var at && at <= now; next++)
            {
                due.TryWrite((next, at));
            }
        }

        due.Complete();

        long DueAt(int index) => started + (long)((double)index / rate * Stopwatch.Frequency);
    }
}
