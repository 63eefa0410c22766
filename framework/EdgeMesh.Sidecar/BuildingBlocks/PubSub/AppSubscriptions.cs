using System.Collections.Concurrent;
using EdgeMesh.Sidecar.Apps;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>The subscriptions of one app that stand. What can't stand is told by name, and the others stand without it.</summary>
internal sealed partial class AppSubscriptions(AppRuntime app, CancellationTokenSource ended, ILogger logger) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<IAsyncDisposable, string> _open = new();
    private readonly List<Task> _later = [];

    /// <summary>By which it reaches the app. Set as it starts.</summary>
    private AppChannel? _channel;

    /// <summary>Asks an app what it subscribes, and connects that and what is declared for it to the brokers. Returns when all of it
    /// stands; subscriptions of a component whose errors are ignored follow when its server answers.</summary>
    public static async Task<IAsyncDisposable> StartAsync(AppArrival arrival, CancellationToken cancellation)
    {
        var (app, channel, logger) = (arrival.App, arrival.Channel, arrival.Logger);
        var faults = new List<string>();
        var own = app.Options.AsksForSubscriptions ? await AskAsync(arrival, faults, cancellation) : [];
        faults.ForEach(fault => AppQuestion.LogFault(logger, app.AppId, fault));
        app.Subscriptions = Subscription.Distinct(arrival.Declared, own);
        var subscriptions = new AppSubscriptions(app, CancellationTokenSource.CreateLinkedTokenSource(cancellation), logger);
        try
        {
            subscriptions._channel = channel;
            await subscriptions.OpenAsync(app.Subscriptions);
            return subscriptions;
        }
        catch
        {
            await subscriptions.DisposeAsync();
            throw;
        }
    }

    /// <summary>Other brokers are there now by these names: those subscriptions are connected anew, and the others go on.</summary>
    public async Task ConnectAgainAsync(IReadOnlySet<string> pubSubs)
    {
        foreach (var (open, _) in _open.Where(o => pubSubs.Contains(o.Value)).ToArray())
        {
            _open.TryRemove(open, out _);
            await open.DisposeAsync();
        }

        await OpenAsync(app.Subscriptions.Where(s => pubSubs.Contains(s.PubSub)));
    }

    private async Task OpenAsync(IEnumerable<Subscription> subscriptions)
    {
        var now = new List<Task>();
        foreach (var subscription in subscriptions)
        {
            var opening = OpenAsync(subscription, PostmanOf(app, _channel!, subscription, logger), ended.Token);
            (app.Find(subscription.PubSub) is { IgnoreErrors: true, Driver: null } ? _later : now).Add(opening);
        }

        await Task.WhenAll(now);
    }

    private static async Task<IReadOnlyList<Subscription>> AskAsync(AppArrival arrival, List<string> faults, CancellationToken cancellation) =>
        arrival.Channel.Callbacks is { } callbacks
            ? await GrpcSubscriptions.ReadAsync(callbacks, faults, cancellation)
            : SubscriptionReader.Read(await AppQuestion.GetJsonAsync(arrival, "/dapr/subscribe", cancellation), faults);

    private static Postman PostmanOf(AppRuntime app, AppChannel channel, Subscription subscription, ILogger logger)
    {
        if (subscription.Bulk is { } bulk)
        {
            BulkSender send = channel.Callbacks is { } callbacks ? new GrpcBulkSender(app, callbacks, subscription, logger).SendAsync : new HttpBulkSender(app, channel, subscription, logger).SendAsync;
            return new BulkPostman(bulk, Counted(send), app.Process.Clock).DeliverAsync;
        }

        return channel.Callbacks is { } grpc ? new GrpcPostman(app, grpc, subscription, logger).DeliverAsync : new AppPostman(app, channel, subscription, logger).DeliverAsync;

        BulkSender Counted(BulkSender send) => async (path, parcels, cancellation) =>
        {
            var began = app.Process.Clock.GetTimestamp();
            var verdicts = await send(path, parcels, cancellation);
            PubSubMetrics.DeliveredMany(app, subscription, verdicts, began);
            return verdicts;
        };
    }

    private async Task OpenAsync(Subscription subscription, Postman postman, CancellationToken cancellation)
    {
        try
        {
            if (app.Find(subscription.PubSub) is { Shared: { IsAwaited: true } awaited })
            {
                await awaited.Opened.WaitAsync(cancellation);
            }

            _open[await Delivery.OpenAsync(app, subscription, postman, logger, cancellation)] = subscription.PubSub;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever a broker throws, the app's other subscriptions stand.
            LogRefused(app.AppId, subscription.Topic, subscription.PubSub, error.Message);
        }
    }

    /// <summary>Ends them; deliveries under way are waited for, and whoever still waits for a server no more.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await Task.WhenAll(_later).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_open.Keys.Select(s => s.DisposeAsync().AsTask()));
        _open.Clear();
        ended.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "{App} can't subscribe topic {Topic} of {PubSub}: {Reason}")]
    private partial void LogRefused(string app, string topic, string pubSub, string reason);
}
