using System.Globalization;

namespace EdgeMesh.Sidecar.Components;

/// <summary>What the pub/sub building block needs of a broker. One instance serves all apps of the process.</summary>
internal interface IPubSubBroker : IAsyncDisposable
{
    /// <summary>Whether the broker lets a message expire by its <c>ttlInSeconds</c>; otherwise the envelope says when, and delivery looks.</summary>
    bool ExpiresMessages => false;

    /// <summary>Returns once the broker owns the message (for a durable broker: synced). It keeps <see cref="BrokerMessage.Data"/>: nobody may change that any more.</summary>
    /// <exception cref="BrokerRefusalException">The broker does not take it, and says why.</exception>
    Task PublishAsync(BrokerMessage message, CancellationToken cancellation);

    /// <summary>Delivers a topic to a consumer group: each message to one subscriber of the group, until it is disposed. Disposing waits for deliveries under way.</summary>
    Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation);
}

/// <param name="Topic">The topic.</param>
/// <param name="Data">The bytes as published: a CloudEvent, or raw.</param>
/// <param name="Metadata">Per-message metadata such as <c>ttlInSeconds</c>.</param>
internal sealed record BrokerMessage(string Topic, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata)
{
    public static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();

    /// <summary>Assigned by the broker; stable over redeliveries.</summary>
    public string Id { get; init; } = "";

    /// <summary>The data is no CloudEvent.</summary>
    public bool IsRaw { get; init; }

    /// <summary>No app of this site could take it: a matter of this site alone.</summary>
    public bool IsDeadLetter { get; init; }

    /// <summary>How long a message may wait; null: as long as the broker keeps any. As daprd does, a value that is no number sets nothing, and 0 expires at once.</summary>
    public static TimeSpan? ReadTimeToLive(IReadOnlyDictionary<string, string> metadata) =>
        metadata.TryGetValue("ttlInSeconds", out var text) && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
}

/// <param name="Topic">The topic.</param>
/// <param name="ConsumerGroup">The component's consumerID after expansion (default: the app id).</param>
/// <param name="Metadata">The subscription's metadata.</param>
internal sealed record BrokerSubscription(string Topic, string ConsumerGroup, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Messages that the handler wants to have in hand at a time, to make one delivery of them; a broker may give it more or fewer.</summary>
    public int InHand { get; init; } = 1;
}

/// <summary>True: acknowledged, the message is done. False: deliver again later.</summary>
internal delegate Task<bool> BrokerHandler(BrokerMessage message, CancellationToken cancellation);

/// <summary>A broker does not take a message or a subscription; the message says why and what to do.</summary>
internal sealed class BrokerRefusalException(string message) : Exception(message);
