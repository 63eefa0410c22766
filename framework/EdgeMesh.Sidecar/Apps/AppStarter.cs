using System.Net;
using System.Text.Json;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>Waits until an app answers, asks what it subscribes, and connects that to the brokers.</summary>
internal sealed partial class AppStarter(AppRuntime app, IReadOnlyList<Subscription> declared, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly AppSubscriptions _subscriptions = new(app, logger);
    private readonly CancellationTokenSource _stop = new();
    private Task _start = Task.CompletedTask;

    public void Start() => _start = StartAsync(_stop.Token);

    private async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            var faults = new List<string>();
            if (app.Channel is { } channel)
            {
                var own = SubscriptionReader.Read(await AskAsync(cancellation), faults);
                faults.ForEach(fault => LogFault(logger, app.AppId, fault));
                app.Subscriptions = Subscription.Distinct(declared, own);
                await _subscriptions.OpenAsync(channel, app.Subscriptions, cancellation);
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

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _start;
        await _subscriptions.DisposeAsync();
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "{App}: {Fault}")]
    private static partial void LogFault(ILogger logger, string app, string fault);
}
