using System.Collections.Concurrent;
using EdgeMesh.Sidecar.Apps;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>The subscriptions of one app that stand. What can't stand is told by name, and the others stand without it.</summary>
internal sealed partial class AppSubscriptions(AppRuntime app, CancellationTokenSource ended, ILogger logger) : IAsyncDisposable
{
    private readonly ConcurrentBag<IAsyncDisposable> _open = [];
    private readonly List<Task> _later = [];

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
            await subscriptions.OpenAsync(channel);
            return subscriptions;
        }
        catch
        {
            await subscriptions.DisposeAsync();
            throw;
        }
    }

    private async Task OpenAsync(AppChannel channel)
    {
        var now = new List<Task>();
        foreach (var subscription in app.Subscriptions)
        {
            var opening = OpenAsync(subscription, PostmanOf(app, channel, subscription, logger), ended.Token);
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
            return new BulkPostman(bulk, send, app.Process.Clock).DeliverAsync;
        }

        return channel.Callbacks is { } grpc ? new GrpcPostman(app, grpc, subscription, logger).DeliverAsync : new AppPostman(app, channel, subscription, logger).DeliverAsync;
    }

    private async Task OpenAsync(Subscription subscription, Postman postman, CancellationToken cancellation)
    {
        try
        {
            if (app.Find(subscription.PubSub) is { Shared: { IsAwaited: true } awaited })
            {
                await awaited.Opened.WaitAsync(cancellation);
            }

            _open.Add(await Delivery.OpenAsync(app, subscription, postman, logger, cancellation));
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
        await Task.WhenAll(_open.Select(s => s.DisposeAsync().AsTask()));
        _open.Clear();
        ended.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "{App} can't subscribe topic {Topic} of {PubSub}: {Reason}")]
    private partial void LogRefused(string app, string topic, string pubSub, string reason);
}
