using System.Diagnostics;
using System.Net.Sockets;
using EdgeMesh.LoadTests.Http;
using HdrHistogram;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>N clients, each of which calls again when it has its answer, on one thread. It looks for answers a while before it sleeps: to be
/// woken takes a machine longer than many a call. Says what a sidecar costs
/// and bears; not how it behaves under a given rate.</summary>
internal sealed class ClosedLoop
{
    private const long LongestMicroseconds = 60_000_000;
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Watch = TimeSpan.FromMicroseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Dictionary<Socket, RawClient> _clients;
    private readonly Dictionary<Socket, long> _began = [];
    private readonly LongHistogram _times = new(LongestMicroseconds, 3);
    private long _failed;

    private ClosedLoop(IEnumerable<RawClient> clients) => _clients = clients.ToDictionary(c => c.Socket);

    /// <param name="clients">With no call under way.</param>
    /// <param name="meter">The sidecar's.</param>
    /// <param name="time">How long.</param>
    /// <param name="settle">What still belongs to the calls when the last is answered, such as deliveries.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<Sample> RunAsync(
        IReadOnlyList<RawClient> clients, ProcessMeter meter, TimeSpan time, Func<long, CancellationToken, Task> settle, CancellationToken cancellation)
    {
        var (loop, cpu, started) = (new ClosedLoop(clients), meter.CpuSeconds(), Stopwatch.GetTimestamp());
        await Task.Factory.StartNew(() => loop.Run(started, time, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var times = loop._times;
        await settle(times.TotalCount, cancellation);
        return new Sample(
            times.TotalCount / seconds, times.GetValueAtPercentile(50), times.GetValueAtPercentile(99), (meter.CpuSeconds() - cpu) * 1e6 / Math.Max(1, times.TotalCount), loop._failed);
    }

    /// <summary>Returns when the time is over and every call has its answer.</summary>
    private void Run(long started, TimeSpan time, CancellationToken cancellation)
    {
        foreach (var client in _clients.Values)
        {
            Begin(client);
        }

        var ready = new List<Socket>(_clients.Count);
        while (_began.Count > 0)
        {
            WaitForAny(ready, cancellation);
            foreach (var socket in ready)
            {
                var client = _clients[socket];
                if (client.TryFinish() is { } expected)
                {
                    Finish(socket, expected);
                    if (Stopwatch.GetElapsedTime(started) < time)
                    {
                        Begin(client);
                    }
                }
            }
        }
    }

    private void WaitForAny(List<Socket> ready, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        do
        {
            cancellation.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                throw new IOException($"The sidecar left {_began.Count} calls without an answer for {Patience.TotalSeconds} s.");
            }

            ready.Clear();
            ready.AddRange(_began.Keys);
            var watches = Stopwatch.GetElapsedTime(began) < Watch;
            Socket.Select(ready, null, null, watches ? TimeSpan.Zero : LongestSleep);
            if (ready.Count == 0 && watches)
            {
                // Whoever has work goes first.
                Thread.Yield();
            }
        }
        while (ready.Count == 0);
    }

    private void Begin(RawClient client)
    {
        _began[client.Socket] = Stopwatch.GetTimestamp();
        client.Begin();
    }

    private void Finish(Socket socket, bool expected)
    {
        _began.Remove(socket, out var began);
        if (expected)
        {
            _times.RecordValue(Math.Max(1, (long)Stopwatch.GetElapsedTime(began).TotalMicroseconds));
        }
        else
        {
            _failed++;
        }
    }
}
