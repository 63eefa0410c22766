using System.Net;
using System.Net.Http.Headers;
using EdgeMesh.Sidecar.Apps;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Delivers by <c>POST</c> to the app's route, and reads the answer as daprd does.</summary>
internal sealed partial class AppPostman(AppRuntime app, AppChannel channel, Subscription subscription, ILogger logger)
{
    /// <summary>An app that takes longer is asked again. daprd would wait for ever, and the message's place with it.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);
    private static readonly MediaTypeHeaderValue ContentType = new(MediaType.CloudEvent);

    public async Task<Verdict> DeliverAsync(Parcel parcel, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        try
        {
            using var request = Request(parcel);
            using var answer = await channel.SendAsync(request, limit.Token);
            return await ReadAsync(answer, parcel, limit.Token);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or UriFormatException)
        {
            LogUnreachable(app.AppId, parcel.Envelope.Id, parcel.Message.Topic, subscription.PubSub, error.Message);
            return Verdict.Retry;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            LogUnreachable(app.AppId, parcel.Envelope.Id, parcel.Message.Topic, subscription.PubSub, $"no answer in {AnswerLimit.TotalMinutes} minutes");
            return Verdict.Retry;
        }
    }

    private HttpRequestMessage Request(Parcel parcel)
    {
        var path = parcel.Path.StartsWith('/') ? parcel.Path : "/" + parcel.Path;
        var request = new HttpRequestMessage(HttpMethod.Post, channel.Address(path)) { Content = new ReadOnlyMemoryContent(subscription.IsRaw ? parcel.Body : parcel.Message.Data) };
        request.Content.Headers.ContentType = ContentType;
        request.Headers.TryAddWithoutValidation("pubsubname", subscription.PubSub);
        if (!string.IsNullOrEmpty(parcel.Envelope.TraceParent) && MessageHeaders.IsValue(parcel.Envelope.TraceParent))
        {
            request.Headers.TryAddWithoutValidation("traceparent", parcel.Envelope.TraceParent);
        }

        if (!string.IsNullOrEmpty(parcel.Envelope.TraceState) && MessageHeaders.IsValue(parcel.Envelope.TraceState))
        {
            request.Headers.TryAddWithoutValidation("tracestate", parcel.Envelope.TraceState);
        }

        MessageHeaders.Add(request.Headers, parcel.Message.Metadata);
        return request;
    }

    private async Task<Verdict> ReadAsync(HttpResponseMessage answer, Parcel parcel, CancellationToken cancellation)
    {
        if (answer.IsSuccessStatusCode)
        {
            return Said(await AppAnswer.ReadStatusAsync(answer.Content, cancellation), parcel);
        }

        if (answer.StatusCode == HttpStatusCode.NotFound)
        {
            LogNotFound(app.AppId, parcel.Path, parcel.Envelope.Id, parcel.Message.Topic, subscription.PubSub);
            return Verdict.Drop;
        }

        LogRefused(app.AppId, parcel.Envelope.Id, parcel.Message.Topic, subscription.PubSub, (int)answer.StatusCode);
        return Verdict.Retry;
    }

    /// <summary>Anything but these words is taken for an app that meant to refuse.</summary>
    private Verdict Said(string? status, Parcel parcel)
    {
        switch (status)
        {
            case null or "" or "SUCCESS":
                return Verdict.Success;
            case "DROP":
                LogDropped(app.AppId, parcel.Envelope.Id, parcel.Message.Topic, subscription.PubSub);
                return Verdict.Drop;
            default:
                LogRetry(app.AppId, parcel.Envelope.Id, parcel.Message.Topic, subscription.PubSub);
                return Verdict.Retry;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{App} said DROP to event {Id} of topic {Topic} of {PubSub}")]
    private partial void LogDropped(string app, string? id, string topic, string pubSub);

    [LoggerMessage(LogLevel.Warning, "{App} did not say SUCCESS to event {Id} of topic {Topic} of {PubSub}: to be retried")]
    private partial void LogRetry(string app, string? id, string topic, string pubSub);

    [LoggerMessage(LogLevel.Error, "{App} does not know the route {Route} (404): event {Id} of topic {Topic} of {PubSub} is dropped")]
    private partial void LogNotFound(string app, string route, string? id, string topic, string pubSub);

    [LoggerMessage(LogLevel.Warning, "{App} answered {Status} to event {Id} of topic {Topic} of {PubSub}: to be retried")]
    private partial void LogRefused(string app, string? id, string topic, string pubSub, int status);

    [LoggerMessage(LogLevel.Warning, "{App} can't be reached with event {Id} of topic {Topic} of {PubSub} ({Reason}): to be retried")]
    private partial void LogUnreachable(string app, string? id, string topic, string pubSub, string reason);
}
