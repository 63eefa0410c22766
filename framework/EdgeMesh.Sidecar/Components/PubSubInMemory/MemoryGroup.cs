using System.Threading.Channels;

namespace EdgeMesh.Sidecar.Components.PubSubInMemory;

/// <param name="Message">With the broker's id.</param>
/// <param name="Attempts">Deliveries that were not acknowledged.</param>
internal sealed record MemoryMessage(BrokerMessage Message, int Attempts);

/// <summary>One group's queue of one topic, and what waits to come again.</summary>
internal sealed class MemoryGroup
{
    public const int QueueLimit = 10_000;
    private const int AttemptLimit = 10;
    private const int WaitingLimit = 1000;
    private const string Broker = "in-memory";

    /// <summary>How long a publisher waits for room.</summary>
    private static readonly TimeSpan RoomLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly Channel<MemoryMessage> _queue;
    private readonly TimeProvider _clock;
    private readonly string? _start;
    private readonly CancellationTokenSource _closed = new();
    private int _waiting;

    public MemoryGroup(string topic, string name, WhenFull whenFull, TimeProvider clock)
    {
        (Topic, Name, _clock) = (topic, name, clock);
        _start = topic.EndsWith('*') ? topic[..^1] : null;
        _queue = Channel.CreateBounded<MemoryMessage>(
            new BoundedChannelOptions(QueueLimit) { FullMode = whenFull == WhenFull.DropOldest ? BoundedChannelFullMode.DropOldest : BoundedChannelFullMode.Wait },
            _ => Lost("full"));
    }

    public string Topic { get; }

    public string Name { get; }

    /// <summary>Kept by the broker, under its lock.</summary>
    public int Subscribers { get; set; }

    public ChannelReader<MemoryMessage> Messages => _queue.Reader;

    public bool Takes(string topic) => _start is null ? topic == Topic : topic.StartsWith(_start, StringComparison.Ordinal);

    /// <summary>False: the queue is full. A group that was closed takes anything and keeps nothing.</summary>
    public bool TryAdd(MemoryMessage message) => _queue.Writer.TryWrite(message) || _closed.IsCancellationRequested;

    /// <summary>False: there was no room for a while.</summary>
    public async Task<bool> WaitAndAddAsync(MemoryMessage message, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(RoomLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            // In line: of those that only wait for room, each place that gets free would wake them all.
            await _queue.Writer.WriteAsync(message, either.Token);
            return true;
        }
        catch (ChannelClosedException)
        {
            // It takes anything.
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>A delivery was not acknowledged: it comes again after a pause that doubles, a bounded number of times.</summary>
    public void Again(MemoryMessage message)
    {
        if (message.Attempts + 1 >= AttemptLimit)
        {
            Lost("attempts");
        }
        else if (Interlocked.Increment(ref _waiting) > WaitingLimit)
        {
            Interlocked.Decrement(ref _waiting);
            Lost("full");
        }
        else
        {
            _ = ReturnAsync(message with { Attempts = message.Attempts + 1 }, Pause(message.Attempts));
        }
    }

    /// <summary>A subscriber went with a message in hand.</summary>
    public void Return(MemoryMessage message)
    {
        Interlocked.Increment(ref _waiting);
        _ = ReturnAsync(message, TimeSpan.Zero);
    }

    /// <summary>Doubles with each attempt, and differs a little from one message to the next.</summary>
    private static TimeSpan Pause(int attempts) =>
        TimeSpan.FromTicks((long)(Math.Min(LongestPause.Ticks, FirstPause.Ticks << attempts) * (0.8 + (0.4 * Random.Shared.NextDouble()))));

    private async Task ReturnAsync(MemoryMessage message, TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _clock, _closed.Token);
            // In line with the publishers: each place that gets free is theirs who wait.
            if (!await WaitAndAddAsync(message, _closed.Token))
            {
                Lost("full");
            }
        }
        catch (OperationCanceledException)
        {
            // The group is gone, and its messages with it.
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    public void Close()
    {
        _queue.Writer.TryComplete();
        _closed.Cancel();
    }

    public void Lost(string reason) => BrokerLosses.Add(1, Broker, reason, Topic);
}
