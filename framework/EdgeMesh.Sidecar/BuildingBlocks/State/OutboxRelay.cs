using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.State;

/// <summary>Passes an app's outbox events on once their transactions stand. Works for an app that only calls, too.</summary>
internal sealed partial class OutboxRelay(AppRuntime app) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

    /// <summary>How long one delivery waits for its marker.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>No transaction takes as long: an older event without a marker belongs to one that failed. daprd would try for ever.</summary>
    private static readonly TimeSpan AgeLimit = TimeSpan.FromHours(1);
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(10);

    private static readonly ConditionalWeakTable<AppRuntime, OutboxRelay> ByApp = [];

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _open = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _relays = [];

    public static OutboxRelay Of(AppRuntime app) => ByApp.GetValue(app, a => new OutboxRelay(a));

    /// <summary>Begins to relay for every store of the app that has an outbox.</summary>
    public static IAsyncDisposable Start(AppRuntime app, ILogger logger)
    {
        var relay = new OutboxRelay(app);
        ByApp.AddOrUpdate(app, relay);
        foreach (var component in app.Components.Where(c => c.Spec.Type.StartsWith("state.", StringComparison.Ordinal)))
        {
            if (OutboxOptions.Of(component.Spec) is { } options)
            {
                relay._relays.Add(relay.RunAsync(options, logger));
            }
        }

        return relay;
    }

    /// <summary>An event that is published before its topic is subscribed would be lost.</summary>
    public async Task RequireAsync(OutboxOptions options, CancellationToken cancellation)
    {
        try
        {
            await Opened(options).Task.WaitAsync(OpenLimit, TimeProvider.System, cancellation);
        }
        catch (TimeoutException)
        {
            throw new DaprFault(
                "ERR_STATE_TRANSACTION", $"error while executing state transaction: the outbox of {options.Store} can't subscribe its internal topic in pubsub {options.InternalPubSub}", 500, StatusCode.Internal);
        }
    }

    private TaskCompletionSource Opened(OutboxOptions options) => _open.GetOrAdd(options.Store, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private async Task RunAsync(OutboxOptions options, ILogger logger)
    {
        try
        {
            await using var subscription = await SubscribeAsync(options, logger);
            Opened(options).TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
        }
    }

    private async Task<IAsyncDisposable> SubscribeAsync(OutboxOptions options, ILogger logger)
    {
        while (true)
        {
            try
            {
                var broker = PubSubBlock.Broker(app, options.InternalPubSub, out var spec);
                var group = spec["consumerID"] is { Length: > 0 } id ? id : app.AppId;
                var topic = options.InternalTopic(app.Process.Namespace, app.AppId);
                return await broker.SubscribeAsync(
                    new BrokerSubscription(topic, group, BrokerMessage.NoMetadata) { InHand = 16 }, (message, cancellation) => RelayAsync(options, message, logger, cancellation), _stop.Token);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // Whatever a broker throws: transactions of this store fail until it can be reached.
                LogNotOpen(logger, app.AppId, options.Store, options.InternalPubSub, error.Message);
                await Task.Delay(LongestPause, TimeProvider.System, _stop.Token);
            }
        }
    }

    /// <summary>The broker's handler: done, or come again.</summary>
    private async Task<bool> RelayAsync(OutboxOptions options, BrokerMessage message, ILogger logger, CancellationToken cancellation)
    {
        var store = StateBlock.Open(app, options.Store).Driver;
        if (!Envelope.TryRead(message.Data.Span, out var envelope) || envelope.Id is not { } id)
        {
            LogNoEvent(logger, app.AppId, options.Store);
            return true;
        }

        if (!await IsCommittedAsync(store, id, cancellation))
        {
            if (!options.DiscardsWhenMissing && !IsOld(message))
            {
                return false;
            }

            LogMissing(logger, app.AppId, id, options.Store);
            return true;
        }

        var target = PubSubBlock.Target(app, options.PubSub, options.Topic);
        await target.Broker.PublishAsync(message with { Topic = options.Topic }, cancellation);
        await store.WriteAsync(new StateWrite(id, null), cancellation);
        return true;
    }

    private async Task<bool> IsCommittedAsync(IStateStore store, string id, CancellationToken cancellation)
    {
        var pause = FirstPause;
        for (var waited = TimeSpan.Zero; ; waited += pause, pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (await store.GetAsync(id, cancellation) is not null)
            {
                return true;
            }

            if (waited >= Patience)
            {
                return false;
            }

            await Task.Delay(pause, app.Process.Clock, cancellation);
        }
    }

    private bool IsOld(BrokerMessage message)
    {
        using var json = JsonDocument.Parse(message.Data);
        return json.RootElement.TryGetProperty("time", out var time) && DateTimeOffset.TryParse(time.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var published)
            && app.Process.Clock.GetUtcNow() - published > AgeLimit;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_relays);
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "The outbox of {Store} can't subscribe for {App} in {PubSub}, and its transactions fail: {Reason}")]
    private static partial void LogNotOpen(ILogger logger, string app, string store, string pubSub, string reason);

    [LoggerMessage(LogLevel.Error, "A message in the outbox of {Store} for {App} is no event, and is dropped")]
    private static partial void LogNoEvent(ILogger logger, string app, string store);

    [LoggerMessage(LogLevel.Warning, "Event {Id} of {App} is dropped: its transaction in {Store} did not come about")]
    private static partial void LogMissing(ILogger logger, string app, string id, string store);
}
