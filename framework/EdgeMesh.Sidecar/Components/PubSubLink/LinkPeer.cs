using System.Threading.Channels;

namespace EdgeMesh.Sidecar.Components.PubSubLink;

/// <summary>What waits for one peer, sent one after the other: each a few times, with pauses that grow and vary.</summary>
internal sealed class LinkPeer
{
    private const int Attempts = 4;
    private const string Broker = "link";
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);

    private readonly string _name;
    private readonly LinkGateway _gateway;
    private readonly TimeProvider _clock;
    private readonly CancellationToken _stop;
    private readonly Channel<BrokerMessage> _queue;

    public LinkPeer(string name, int queueLimit, LinkGateway gateway, TimeProvider clock, CancellationToken stop)
    {
        (_name, _gateway, _clock, _stop) = (name, gateway, clock, stop);
        _queue = Queue(queueLimit, name);
        Completion = RunAsync();
    }

    public Task Completion { get; }

    /// <summary>A queue that gives up its oldest, and counts it.</summary>
    public static Channel<BrokerMessage> Queue(int limit, string peer) => Channel.CreateBounded<BrokerMessage>(
        new BoundedChannelOptions(limit) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest },
        _ => BrokerLosses.Add(1, Broker, "full", peer));

    public void Send(BrokerMessage message) => _queue.Writer.TryWrite(message);

    /// <summary>The site is no peer any more: what waits is sent, and no more comes.</summary>
    public void End() => _queue.Writer.TryComplete();

    private async Task RunAsync()
    {
        try
        {
            await foreach (var message in _queue.Reader.ReadAllAsync(_stop))
            {
                await SendAsync(message);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The site stops. Who missed an announcement asks the feed.
        }
    }

    private async Task SendAsync(BrokerMessage message)
    {
        for (var attempt = 1; ; attempt++)
        {
            var outcome = await _gateway.SendAsync(_name, message, _stop);
            if (outcome == LinkOutcome.Taken)
            {
                return;
            }

            if (outcome == LinkOutcome.Refused || attempt == Attempts)
            {
                BrokerLosses.Add(1, Broker, outcome == LinkOutcome.Refused ? "refused" : "attempts", _name);
                return;
            }

            await Task.Delay(FirstPause * (1 << (attempt - 1)) * (0.5 + Random.Shared.NextDouble()), _clock, _stop);
        }
    }
}
