using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>The subscriptions of one app that stand. What can't stand is told by name, and the others stand without it.</summary>
internal sealed partial class AppSubscriptions(AppRuntime app, ILogger logger) : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _open = [];

    /// <summary>Asks an app what it subscribes, and connects that and what is declared for it to the brokers.</summary>
    public static async Task<IAsyncDisposable> StartAsync(AppArrival arrival, CancellationToken cancellation)
    {
        var (app, channel, logger) = (arrival.App, arrival.Channel, arrival.Logger);
        var faults = new List<string>();
        var own = channel.Callbacks is { } callbacks
            ? await GrpcSubscriptions.ReadAsync(callbacks, faults, cancellation)
            : SubscriptionReader.Read(await AppQuestion.GetJsonAsync(arrival, "/dapr/subscribe", cancellation), faults);
        faults.ForEach(fault => AppQuestion.LogFault(logger, app.AppId, fault));
        app.Subscriptions = Subscription.Distinct(arrival.Declared, own);
        var subscriptions = new AppSubscriptions(app, logger);
        foreach (var subscription in app.Subscriptions)
        {
            Postman postman = channel.Callbacks is { } grpc ? new GrpcPostman(app, grpc, subscription, logger).DeliverAsync : new AppPostman(app, channel, subscription, logger).DeliverAsync;
            await subscriptions.OpenAsync(subscription, postman, cancellation);
        }

        return subscriptions;
    }

    private async Task OpenAsync(Subscription subscription, Postman postman, CancellationToken cancellation)
    {
        try
        {
            var broker = PubSubBlock.Broker(app, subscription.PubSub, out var spec);
            if (!TopicScopes.MaySubscribe(spec, app.AppId, subscription.Topic))
            {
                LogRefused(app.AppId, subscription.Topic, subscription.PubSub, "its topic scopes do not allow it");
                return;
            }

            if (subscription.DeadLetterTopic is { } topic && !TopicScopes.MayPublish(spec, app.AppId, topic))
            {
                LogRefused(app.AppId, subscription.Topic, subscription.PubSub, $"its topic scopes do not allow to publish to dead letter topic {topic}");
                return;
            }

            var group = spec["consumerID"] is { Length: > 0 } id ? id : app.AppId;
            var delivery = new Delivery(app, subscription, broker, postman, logger);
            _open.Add(await broker.SubscribeAsync(new BrokerSubscription(subscription.Topic, group, subscription.Metadata), delivery.HandleAsync, cancellation));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever a broker throws, the app's other subscriptions stand.
            LogRefused(app.AppId, subscription.Topic, subscription.PubSub, error.Message);
        }
    }

    /// <summary>Ends them; deliveries under way are waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_open.Select(s => s.DisposeAsync().AsTask()));
        _open.Clear();
    }

    [LoggerMessage(LogLevel.Error, "{App} can't subscribe topic {Topic} of {PubSub}: {Reason}")]
    private partial void LogRefused(string app, string topic, string pubSub, string reason);
}
