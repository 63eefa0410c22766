using System.Net;
using System.Text.Json;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resources;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>Waits until an app answers, asks what it subscribes, and connects that to the brokers.</summary>
internal sealed partial class AppStarter(AppRuntime app, IReadOnlyList<SubscriptionResource> declared, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly List<IAsyncDisposable> _open = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _start = Task.CompletedTask;

    public void Start() => _start = StartAsync(_stop.Token);

    private async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            var faults = new List<string>();
            var subscriptions = declared.Where(d => d.Scopes.Count == 0 || d.Scopes.Contains(app.AppId, StringComparer.Ordinal))
                .Select(d => Subscription.From(d, faults)).ToList();
            if (app.Channel is not null)
            {
                subscriptions.AddRange(Subscription.Read(await AskAsync(cancellation), faults));
            }

            foreach (var fault in faults)
            {
                LogFault(logger, app.AppId, fault);
            }

            app.Subscriptions = subscriptions;
            foreach (var subscription in app.Channel is null ? [] : subscriptions)
            {
                await SubscribeAsync(subscription, cancellation);
            }

            app.IsReady = true;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The sidecar stops before its app came.
        }
    }

    /// <summary>The app's subscriptions. An app may come later than its sidecar: asked until it answers.</summary>
    private async Task<JsonElement> AskAsync(CancellationToken cancellation)
    {
        while (true)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(AnswerLimit);
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, app.Channel!.Address("/dapr/subscribe"));
                using var answer = await app.Channel.SendAsync(request, limit.Token);
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    return answer.IsSuccessStatusCode
                        ? JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(limit.Token)).RootElement
                        : default;
                }
            }
            catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                // Not there yet, or not able to answer yet.
            }
            catch (JsonException error)
            {
                LogFault(logger, app.AppId, $"GET /dapr/subscribe answered no JSON: {error.Message}");
                return default;
            }

            // Another host comes up in its own time, whatever clock a test gave to this one.
            await Task.Delay(Pause, TimeProvider.System, cancellation);
        }
    }

    private async Task SubscribeAsync(Subscription subscription, CancellationToken cancellation)
    {
        try
        {
            var broker = PubSubBlock.Broker(app, subscription.PubSub, out var spec);
            if (!TopicScopes.MaySubscribe(spec, app.AppId, subscription.Topic))
            {
                LogFault(logger, app.AppId, $"may not subscribe {subscription.Topic} of {subscription.PubSub} (topic scopes)");
                return;
            }

            var group = TemplateTags.For(spec["consumerID"] ?? app.AppId, app.Process.Namespace, app.AppId);
            var delivery = new Delivery(app, subscription, broker, logger);
            _open.Add(await broker.SubscribeAsync(new BrokerSubscription(subscription.Topic, group, subscription.Metadata), delivery.HandleAsync, cancellation));
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever a broker throws, the app's other subscriptions stand.
            LogFault(logger, app.AppId, $"can't subscribe {subscription.Topic} of {subscription.PubSub}: {error.Message}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _start;
        foreach (var subscription in _open)
        {
            await subscription.DisposeAsync();
        }

        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "{App}: {Fault}")]
    private static partial void LogFault(ILogger logger, string app, string fault);
}
