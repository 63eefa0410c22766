using System.Diagnostics;

namespace EdgeMesh.Cli.Bench;

/// <summary>Calls at a steady rate, whatever the answers take: a time begins when its call was due, so a stall is seen by all that it held up.</summary>
internal static class PacedCalls
{
    private const int Clients = 32;

    public static async Task<HttpFigures> RunAsync(int rate, TimeSpan time, Func<CancellationToken, Task<bool>> call, CancellationToken cancellation)
    {
        var (count, next, failed) = ((int)(rate * time.TotalSeconds), -1, 0);
        var times = new double[count];
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => ClientAsync()));
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return new(rate, Math.Round(count / seconds, 1), failed, Spread.Of(times));

        async Task ClientAsync()
        {
            await Task.Yield();
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
            {
                var due = TimeSpan.FromSeconds((double)i / rate);
                var wait = due - Stopwatch.GetElapsedTime(started);
                if (wait > TimeSpan.FromMilliseconds(1))
                {
                    await Task.Delay(wait, TimeProvider.System, cancellation);
                }

                if (!await call(cancellation))
                {
                    Interlocked.Increment(ref failed);
                }

                times[i] = (Stopwatch.GetElapsedTime(started) - due).TotalMicroseconds;
            }
        }
    }
}
