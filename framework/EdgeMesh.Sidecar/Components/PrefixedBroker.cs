namespace EdgeMesh.Sidecar.Components;

/// <summary>A broker whose topics have a prefix that nobody behind it sees.</summary>
internal sealed class PrefixedBroker(IPubSubBroker broker, string prefix) : IPubSubBroker
{
    /// <summary>The broker itself where there is no prefix.</summary>
    public static IPubSubBroker Of(IPubSubBroker broker, string prefix) => prefix.Length == 0 ? broker : new PrefixedBroker(broker, prefix);

    public bool ExpiresMessages => broker.ExpiresMessages;

    public Task PublishAsync(BrokerMessage message, CancellationToken cancellation) =>
        broker.PublishAsync(message with { Topic = prefix + message.Topic }, cancellation);

    public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation) =>
        broker.SubscribeAsync(
            subscription with { Topic = prefix + subscription.Topic },
            (message, token) => handler(message with { Topic = subscription.Topic }, token),
            cancellation);

    public ValueTask DisposeAsync() => broker.DisposeAsync();
}
