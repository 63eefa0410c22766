using System.Collections.Concurrent;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Metrics;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>The subscriptions of one app that stand. What can't stand is told by name, and the others stand without it.</summary>
internal sealed partial class AppSubscriptions : IAsyncDisposable
{
    private readonly AppRuntime _app;
    private readonly AppChannel _channel;
    private readonly ILogger _logger;

    /// <summary>What the app asked for when it came.</summary>
    private readonly IReadOnlyList<Subscription> _own;
    private readonly ConcurrentDictionary<IAsyncDisposable, string> _open = new();

    /// <summary>Those that nobody waits for, by their component; what has ended is taken out by whoever adds to them.</summary>
    private readonly List<(string PubSub, Task Opening)> _later = [];
    private CancellationTokenSource _ended = new();

    private AppSubscriptions(AppArrival arrival, IReadOnlyList<Subscription> own) => (_app, _channel, _logger, _own) = (arrival.App, arrival.Channel, arrival.Logger, own);

    /// <summary>Asks an app what it subscribes, and connects that and what is declared for it to the brokers. Returns when all of it
    /// stands; subscriptions of a component whose errors are ignored follow when its server answers.</summary>
    public static async Task<IAsyncDisposable> StartAsync(AppArrival arrival, CancellationToken cancellation)
    {
        var faults = new List<string>();
        var own = arrival.App.Options.AsksForSubscriptions ? await AskAsync(arrival, faults, cancellation) : [];
        faults.ForEach(fault => AppQuestion.LogFault(arrival.Logger, arrival.App.AppId, fault));
        arrival.App.Subscriptions = Subscription.Distinct(arrival.Declared, own);
        var subscriptions = new AppSubscriptions(arrival, own);
        try
        {
            await using (cancellation.UnsafeRegister(static ended => ((CancellationTokenSource)ended!).Cancel(), subscriptions._ended))
            {
                await subscriptions.OpenAsync(arrival.App.Subscriptions, waits: true);
            }

            cancellation.ThrowIfCancellationRequested();
            return subscriptions;
        }
        catch
        {
            await subscriptions.DisposeAsync();
            throw;
        }
    }

    /// <summary>Other subscriptions are declared now. As with daprd, the app is not asked again for its own: it may be away.</summary>
    public async Task DeclareAsync(IReadOnlyList<Subscription> declared)
    {
        await EndAsync();
        _ended = new CancellationTokenSource();
        _app.Subscriptions = Subscription.Distinct(declared, _own);
        await OpenAsync(_app.Subscriptions, waits: false);
    }

    /// <summary>Other brokers are there now by these names: those subscriptions are connected anew, and the others go on.</summary>
    public async Task ConnectAgainAsync(IReadOnlySet<string> pubSubs)
    {
        // Who still waits for a broker that went gives up: none of them stands after this.
        await Task.WhenAll(_later.Where(l => pubSubs.Contains(l.PubSub)).Select(l => l.Opening)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var (open, _) in _open.Where(o => pubSubs.Contains(o.Value)).ToArray())
        {
            _open.TryRemove(open, out _);
            await open.DisposeAsync();
        }

        await OpenAsync(_app.Subscriptions.Where(s => pubSubs.Contains(s.PubSub)), waits: false);
    }

    /// <param name="subscriptions">Those to open.</param>
    /// <param name="waits">Whether until they stand, but for those that wait for a component whose errors are ignored. A change of resources
    /// waits for no broker: one that was there may be away now, and those subscriptions follow when it is back.</param>
    private async Task OpenAsync(IEnumerable<Subscription> subscriptions, bool waits)
    {
        var now = new List<Task>();
        _later.RemoveAll(l => l.Opening.IsCompleted);
        foreach (var subscription in subscriptions)
        {
            var opening = OpenAsync(subscription, PostmanOf(_app, _channel, subscription, _logger), _ended.Token);
            if (waits && _app.Find(subscription.PubSub) is not { Driver: null, IgnoreErrors: true })
            {
                now.Add(opening);
            }
            else
            {
                _later.Add((subscription.PubSub, opening));
            }
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
            var labels = app.Find(subscription.PubSub)?.Spec is { } spec ? ConventionMetrics.Processing(spec, subscription, Delivery.Group(app, spec)) : default;
            try
            {
                var verdicts = await send(path, parcels, cancellation);
                var took = app.Process.Clock.GetElapsedTime(began);
                PubSubMetrics.DeliveredMany(app, subscription, verdicts, took);
                app.Conventions.DeliveredMany(labels, verdicts, took);
                return verdicts;
            }
            catch (Exception error)
            {
                app.Conventions.GaveUpMany(labels, parcels.Count, ErrorClass.Of(error), app.Process.Clock.GetElapsedTime(began));
                throw;
            }
        };
    }

    private async Task OpenAsync(Subscription subscription, Postman postman, CancellationToken cancellation)
    {
        var driver = _app.Find(subscription.PubSub)?.Shared;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, driver?.Gone ?? CancellationToken.None);
        try
        {
            if (driver is { IsAwaited: true })
            {
                await driver.Opened.WaitAsync(either.Token);
            }

            _open[await Delivery.OpenAsync(_app, subscription, postman, _logger, either.Token)] = subscription.PubSub;
        }
        catch (OperationCanceledException) when (driver?.Gone.IsCancellationRequested == true && !cancellation.IsCancellationRequested)
        {
            // Who put another in its place has this opened there.
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever a broker throws, the app's other subscriptions stand.
            LogRefused(_app.AppId, subscription.Topic, subscription.PubSub, error.Message);
        }
    }

    /// <summary>Ends them; deliveries under way are waited for, and whoever still waits for a server no more.</summary>
    public ValueTask DisposeAsync() => new(EndAsync());

    private async Task EndAsync()
    {
        await _ended.CancelAsync();
        await Task.WhenAll(_later.Select(l => l.Opening)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _later.Clear();
        await Task.WhenAll(_open.Keys.Select(s => s.DisposeAsync().AsTask()));
        _open.Clear();
        _ended.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "{App} can't subscribe topic {Topic} of {PubSub}: {Reason}")]
    private partial void LogRefused(string app, string topic, string pubSub, string reason);
}
