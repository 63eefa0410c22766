using EdgeMesh.Sidecar.Apps;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Answer = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Delivers by <c>AppCallback.OnTopicEvent</c>, and reads the answer as daprd does.</summary>
internal sealed partial class GrpcPostman(AppRuntime app, AppCallbacks callbacks, Subscription subscription, ILogger logger)
{
    /// <summary>An app that takes longer is asked again.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);

    public async Task<Verdict> DeliverAsync(Parcel parcel, CancellationToken cancellation)
    {
        try
        {
            var deadline = TimeProvider.System.GetUtcNow().UtcDateTime + AnswerLimit;
            var answer = await callbacks.OnTopicEvent(TopicEvent.From(parcel, subscription), Headers(parcel), deadline, cancellation);
            return Said(answer.Status, parcel);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancellation);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented)
        {
            LogUnserved(app.AppId, parcel.Envelope.Id, parcel.Message.Topic, subscription.PubSub);
            return Verdict.Drop;
        }
        catch (RpcException error)
        {
            LogFailed(app.AppId, parcel.Envelope.Id, parcel.Message.Topic, subscription.PubSub, error.StatusCode, error.Status.Detail);
            return Verdict.Retry;
        }
    }

    private static global::Grpc.Core.Metadata Headers(Parcel parcel)
    {
        var headers = new global::Grpc.Core.Metadata();
        if (parcel.Envelope.TraceParent is { Length: > 0 } parent && MessageHeaders.IsValue(parent))
        {
            headers.Add("traceparent", parent);
        }

        if (parcel.Envelope.TraceState is { Length: > 0 } state && MessageHeaders.IsValue(state))
        {
            headers.Add("tracestate", state);
        }

        return headers;
    }

    private Verdict Said(Answer answer, Parcel parcel)
    {
        switch (answer)
        {
            case Answer.Success:
                return Verdict.Success;
            case Answer.Drop:
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

    [LoggerMessage(LogLevel.Error, "{App} does not serve OnTopicEvent: event {Id} of topic {Topic} of {PubSub} is dropped")]
    private partial void LogUnserved(string app, string? id, string topic, string pubSub);

    [LoggerMessage(LogLevel.Warning, "{App} failed with event {Id} of topic {Topic} of {PubSub} ({Status}: {Reason}): to be retried")]
    private partial void LogFailed(string app, string? id, string topic, string pubSub, StatusCode status, string reason);
}
