using System.Diagnostics;
using EdgeMesh.Cli.Bench;
using EdgeMesh.LoadTests.Http;
using HdrHistogram;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>N clients, each of which calls again when it has its answer, on one thread. It looks for answers a while before it sleeps: to be
/// woken takes a machine longer than many a call. Says what a sidecar costs and bears; not how it behaves under a given rate.</summary>
internal sealed class ClosedLoop
{
    private const long LongestMicroseconds = 60_000_000;
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Watch = TimeSpan.FromMicroseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyList<RawClient> _clients;

    /// <summary>When each client's call began; 0: it has none under way.</summary>
    private readonly long[] _began;
    private readonly LongHistogram _times = new(LongestMicroseconds, 3);
    private int _underWay;
    private long _failed;

    private ClosedLoop(IReadOnlyList<RawClient> clients) => (_clients, _began) = (clients, new long[clients.Count]);

    /// <param name="clients">With no call under way.</param>
    /// <param name="meter">The sidecar's.</param>
    /// <param name="time">How long.</param>
    /// <param name="settle">What still belongs to the calls when the last is answered, such as deliveries.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Sample> RunAsync(
        IReadOnlyList<RawClient> clients, ProcessMeter meter, TimeSpan time, Func<long, CancellationToken, Task> settle, CancellationToken cancellation)
    {
        var own = new ProcessMeter(Environment.ProcessId);
        var (loop, cpu, ownCpu, started) = (new ClosedLoop(clients), meter.CpuSeconds(), own.CpuSeconds(), Stopwatch.GetTimestamp());
        await Task.Factory.StartNew(() => loop.Run(started, time, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var times = loop._times;
        ownCpu = own.CpuSeconds() - ownCpu;
        await settle(times.TotalCount, cancellation);
        cpu = meter.CpuSeconds() - cpu;
        return new Sample(times.TotalCount / seconds, times.GetValueAtPercentile(50), times.GetValueAtPercentile(99), ForEach(cpu), ForEach(ownCpu), loop._failed);

        double ForEach(double used) => used * 1e6 / Math.Max(1, times.TotalCount);
    }

    /// <summary>Returns when the time is over and every call has its answer.</summary>
    private void Run(long started, TimeSpan time, CancellationToken cancellation)
    {
        using var sockets = new ReadySockets([.. _clients.Select(c => c.Socket)]);
        for (var place = 0; place < _clients.Count; place++)
        {
            Begin(place);
        }

        while (_underWay > 0)
        {
            var found = WaitForAny(sockets, cancellation);
            for (var n = 0; n < found; n++)
            {
                var place = sockets.Place(n);
                // One that has no call under way may still be told something, of its connection's window for example.
                if (_clients[place].TryFinish() is { } expected && _began[place] != 0)
                {
                    Finish(place, expected);
                    if (Stopwatch.GetElapsedTime(started) < time)
                    {
                        Begin(place);
                    }
                }
            }
        }
    }

    private int WaitForAny(ReadySockets sockets, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                throw new IOException($"The sidecar left {_underWay} calls without an answer for {Patience.TotalSeconds} s.");
            }

            var watches = Stopwatch.GetElapsedTime(began) < Watch;
            if (sockets.Wait(watches ? TimeSpan.Zero : LongestSleep) is > 0 and var found)
            {
                return found;
            }

            if (watches)
            {
                // Whoever has work goes first.
                Thread.Yield();
            }
        }
    }

    private void Begin(int place)
    {
        _began[place] = Stopwatch.GetTimestamp();
        _underWay++;
        _clients[place].Begin();
    }

    private void Finish(int place, bool expected)
    {
        _underWay--;
        if (expected)
        {
            _times.RecordValue(Math.Max(1, (long)Stopwatch.GetElapsedTime(_began[place]).TotalMicroseconds));
        }
        else
        {
            _failed++;
        }

        _began[place] = 0;
    }
}
