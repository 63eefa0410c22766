using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Brings one subscription's messages to its app, and reads the app's answer as Dapr does.</summary>
internal sealed partial class Delivery(AppRuntime app, Subscription subscription, IPubSubBroker broker, ILogger logger)
{
    private enum Verdict
    {
        Done,
        Retry,
        Drop,
    }

    public async Task<bool> HandleAsync(BrokerMessage message, CancellationToken cancellation)
    {
        var verdict = await DeliverAsync(message, cancellation);
        if (verdict == Verdict.Done || subscription.DeadLetterTopic is not { } deadLetters)
        {
            return verdict != Verdict.Retry;
        }

        await broker.PublishAsync(message with { Topic = deadLetters }, cancellation);
        return true;
    }

    private async Task<Verdict> DeliverAsync(BrokerMessage message, CancellationToken cancellation)
    {
        var body = message.Data;
        if (subscription.IsRaw || !TryRoute(body, out var route))
        {
            body = CloudEvent.WrapRaw(message.Data, subscription.PubSub, subscription.Topic, app.Process.Clock.GetUtcNow(), message.Id);
            route = subscription.DefaultRoute;
        }

        if (route is null)
        {
            LogNoRoute(logger, subscription.Topic, app.AppId);
            return Verdict.Drop;
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, app.Channel!.Address(route.StartsWith('/') ? route : "/" + route))
            {
                Content = new ReadOnlyMemoryContent(body),
            };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(CloudEvent.ContentType);
            using var answer = await app.Channel.SendAsync(request, cancellation);
            return await ReadAsync(answer, cancellation);
        }
        catch (HttpRequestException error)
        {
            LogUnreachable(logger, subscription.Topic, app.AppId, error.Message);
            return Verdict.Retry;
        }
    }

    private bool TryRoute(ReadOnlyMemory<byte> body, out string? route)
    {
        route = subscription.DefaultRoute;
        try
        {
            if (subscription.Rules.Count > 0)
            {
                using var document = JsonDocument.Parse(body);
                route = subscription.Route(document.RootElement);
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private async Task<Verdict> ReadAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            LogNotFound(logger, subscription.Topic, app.AppId);
            return Verdict.Drop;
        }

        if (!answer.IsSuccessStatusCode)
        {
            LogRefused(logger, subscription.Topic, app.AppId, (int)answer.StatusCode);
            return Verdict.Retry;
        }

        return Status(await answer.Content.ReadAsByteArrayAsync(cancellation)) switch
        {
            null or "" or "SUCCESS" => Verdict.Done,
            "DROP" => Verdict.Drop,
            _ => Verdict.Retry,
        };
    }

    /// <summary>An answer that is no status object is a success, as with daprd.</summary>
    private static string? Status(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("status", out var status) ? status.GetString() : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "No route of {App} takes a message of topic {Topic}: dropped")]
    private static partial void LogNoRoute(ILogger logger, string topic, string app);

    [LoggerMessage(LogLevel.Warning, "{App} does not know the route of topic {Topic} (404): the message is dropped")]
    private static partial void LogNotFound(ILogger logger, string topic, string app);

    [LoggerMessage(LogLevel.Warning, "{App} answered {Status} to a message of topic {Topic}: it comes again")]
    private static partial void LogRefused(ILogger logger, string topic, string app, int status);

    [LoggerMessage(LogLevel.Warning, "{App} can't be reached with a message of topic {Topic} ({Reason}): it comes again")]
    private static partial void LogUnreachable(ILogger logger, string topic, string app, string reason);
}
