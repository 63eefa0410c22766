using EdgeMesh.Sidecar.Components.PubSubInMemory;

namespace EdgeMesh.Sidecar.Components.PubSubLink;

/// <summary>Pub/sub between sites without a broker: a message goes to the subscribers of this site, and through the site's gateway to
/// every peer. For announcements, which may be lost: each peer has a bounded queue, a few attempts, and the oldest goes first when it is
/// full. A peer that is cut off, and a gateway that is away, never slow a publish: it only puts messages into queues.</summary>
internal sealed class LinkBroker : IPubSubBroker
{
    /// <summary>Says which site a message came from: such a message is delivered here and goes no further.</summary>
    public const string FromMetadata = "edgemesh-link-from";

    private readonly MemoryBroker _local;
    private readonly LinkPeers _peers;

    public LinkBroker(ComponentSpec spec, ComponentContext context)
    {
        _local = new MemoryBroker(context.Clock, WhenFull.DropOldest);
        _peers = new LinkPeers(LinkOptions.Read(spec), new LinkGateway(spec["gateway"] ?? "gateway", context.FindApp), context.Clock);
    }

    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        if (message.IsRaw)
        {
            throw new BrokerRefusalException("Links carry CloudEvents. Publish without rawPayload.");
        }

        await _local.PublishAsync(message, cancellation);
        if (!message.IsDeadLetter && !message.Metadata.ContainsKey(FromMetadata))
        {
            _peers.Send(message);
        }
    }

    public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation) =>
        _local.SubscribeAsync(subscription, handler, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _peers.DisposeAsync();
        await _local.DisposeAsync();
    }
}
