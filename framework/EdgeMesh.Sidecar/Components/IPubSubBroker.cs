namespace EdgeMesh.Sidecar.Components;

/// <summary>What the pub/sub building block needs of a broker. One instance serves all apps of the process.</summary>
internal interface IPubSubBroker : IAsyncDisposable
{
    /// <summary>Returns once the broker owns the message (for a durable broker: synced).</summary>
    Task PublishAsync(BrokerMessage message, CancellationToken cancellation);

    /// <summary>Delivers a topic to a consumer group: each message to one subscriber of the group, until it is disposed.</summary>
    Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation);
}

/// <param name="Topic">The topic.</param>
/// <param name="Data">The bytes as published: a CloudEvent, or raw.</param>
/// <param name="Metadata">Per-message metadata such as <c>ttlInSeconds</c>.</param>
internal sealed record BrokerMessage(string Topic, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Assigned by the broker; stable over redeliveries.</summary>
    public string Id { get; init; } = "";
}

/// <param name="Topic">The topic.</param>
/// <param name="ConsumerGroup">The component's consumerID after expansion (default: the app id).</param>
/// <param name="Metadata">The subscription's metadata.</param>
internal sealed record BrokerSubscription(string Topic, string ConsumerGroup, IReadOnlyDictionary<string, string> Metadata);

/// <summary>True: acknowledged, the message is done. False: deliver again later.</summary>
internal delegate Task<bool> BrokerHandler(BrokerMessage message, CancellationToken cancellation);
