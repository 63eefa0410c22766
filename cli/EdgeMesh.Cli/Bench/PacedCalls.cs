using System.Diagnostics;

namespace EdgeMesh.Cli.Bench;

/// <summary>Calls at a steady rate, whatever the answers take: one thread lets each call go when it is due, on a connection that has none under
/// way, and takes the answers. A call's time begins when it was due, so a stall, also of this thread or for want of a free connection, is seen by
/// all that it held up.</summary>
internal sealed class PacedCalls
{
    private const int Clients = 32;
    private static readonly TimeSpan LongestSleep = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyList<EchoConnection> connections;
    private readonly Stack<int> free = new(Clients);

    /// <summary>When the call of each connection was due; 0: it has none under way.</summary>
    private readonly long[] due = new long[Clients];
    private readonly double[] times;
    private readonly int rate;
    private readonly long started = Stopwatch.GetTimestamp();
    private int begun;
    private int answered;
    private int failed;

    private PacedCalls(IReadOnlyList<EchoConnection> connections, int rate, TimeSpan time)
    {
        (this.connections, this.rate, times) = (connections, rate, new double[(int)(rate * time.TotalSeconds)]);
        for (var place = 0; place < connections.Count; place++)
        {
            free.Push(place);
        }
    }

    /// <param name="rate">Calls a second.</param>
    /// <param name="time">How long.</param>
    /// <param name="open">Makes a connection.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Task<HttpFigures> RunAsync(int rate, TimeSpan time, Func<EchoConnection> open, CancellationToken cancellation) =>
        Task.Factory.StartNew(() => Run(rate, time, open, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static HttpFigures Run(int rate, TimeSpan time, Func<EchoConnection> open, CancellationToken cancellation)
    {
        var connections = new List<EchoConnection>(Clients);
        try
        {
            for (var i = 0; i < Clients; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                connections.Add(open());
                // What a server says once after a handshake would else look like the beginning of an answer.
                connections[i].Begin();
                connections[i].Finish();
            }

            return new PacedCalls(connections, rate, time).Run(cancellation);
        }
        finally
        {
            connections.ForEach(c => c.Dispose());
        }
    }

    private HttpFigures Run(CancellationToken cancellation)
    {
        using var ready = new ReadySockets([.. connections.Select(c => c.Socket)]);
        for (var last = started; answered < times.Length;)
        {
            cancellation.ThrowIfCancellationRequested();
            var found = ready.Wait(BeginWhatIsDue());
            for (var n = 0; n < found; n++)
            {
                Finish(ready.Place(n));
            }

            last = found > 0 ? Stopwatch.GetTimestamp() : last;
            if (Stopwatch.GetElapsedTime(last) > Patience)
            {
                throw new InvalidOperationException($"{begun - answered} calls were left without an answer for {Patience.TotalSeconds} s.");
            }
        }

        return new(rate, Math.Round(times.Length / Stopwatch.GetElapsedTime(started).TotalSeconds, 1), failed, Spread.Of(times));
    }

    /// <returns>How long until the next is due.</returns>
    private TimeSpan BeginWhatIsDue()
    {
        while (begun < times.Length && free.Count > 0)
        {
            var at = started + (long)((double)begun / rate * Stopwatch.Frequency);
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), at) is { Ticks: > 0 } early)
            {
                return early;
            }

            var place = free.Pop();
            due[place] = at;
            connections[place].Begin();
            begun++;
        }

        return LongestSleep;
    }

    private void Finish(int place)
    {
        if (due[place] == 0)
        {
            throw new InvalidOperationException("the server said something that was not asked for, or closed a connection at rest.");
        }

        if (!connections[place].Finish())
        {
            failed++;
        }

        times[answered++] = Stopwatch.GetElapsedTime(due[place]).TotalMicroseconds;
        due[place] = 0;
        free.Push(place);
    }
}
