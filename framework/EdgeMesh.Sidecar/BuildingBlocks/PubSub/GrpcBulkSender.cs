using Dapr.AppCallback.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Answer = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Brings many messages in one <c>OnBulkTopicEventAlpha1</c>. What the answer does not name is to be retried.</summary>
internal sealed partial class GrpcBulkSender(AppRuntime app, AppCallbacks callbacks, Subscription subscription, ILogger logger)
{
    private const string Type = "com.dapr.event.sent.bulk";
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(10);

    public async Task<IReadOnlyList<Verdict>> SendAsync(string path, IReadOnlyList<Parcel> parcels, CancellationToken cancellation)
    {
        var request = new TopicEventBulkRequest
        {
            Id = Guid.NewGuid().ToString(), Metadata = { ["pubsubName"] = subscription.PubSub }, Topic = parcels[0].Message.Topic, PubsubName = subscription.PubSub, Type = Type, Path = path,
            Entries = { parcels.Select(Entry) },
        };
        try
        {
            var answer = await callbacks.OnBulkTopicEvent(request, [], TimeProvider.System.GetUtcNow().UtcDateTime + AnswerLimit, cancellation);
            var statuses = answer.Statuses.GroupBy(s => s.EntryId).ToDictionary(s => s.Key, s => s.Last().Status, StringComparer.Ordinal);
            return [.. request.Entries.Select(e => statuses.TryGetValue(e.EntryId, out var status) ? Verdict(status) : PubSub.Verdict.Retry)];
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancellation);
        }
        catch (RpcException error)
        {
            LogFailed(app.AppId, parcels.Count, subscription.Topic, subscription.PubSub, error.StatusCode, error.Status.Detail);
            var verdict = error.StatusCode == StatusCode.Unimplemented ? PubSub.Verdict.Drop : PubSub.Verdict.Retry;
            return [.. parcels.Select(_ => verdict)];
        }
    }

    private static Verdict Verdict(Answer answer) => answer switch { Answer.Success => PubSub.Verdict.Success, Answer.Drop => PubSub.Verdict.Drop, _ => PubSub.Verdict.Retry };

    private TopicEventBulkRequestEntry Entry(Parcel parcel)
    {
        var entry = new TopicEventBulkRequestEntry { EntryId = Guid.NewGuid().ToString(), Metadata = { new Dictionary<string, string>(parcel.Message.Metadata) } };
        if (subscription.IsRaw)
        {
            (entry.Bytes, entry.ContentType) = (ByteString.CopyFrom(parcel.Message.Data.Span), "application/octet-stream");
            return entry;
        }

        var single = TopicEvent.From(parcel, subscription);
        entry.ContentType = MediaType.CloudEvent;
        entry.CloudEvent = new TopicEventCERequest
        {
            Id = single.Id, Source = single.Source, Type = single.Type, SpecVersion = single.SpecVersion, DataContentType = single.DataContentType, Data = single.Data, Extensions = single.Extensions,
        };
        return entry;
    }

    [LoggerMessage(LogLevel.Warning, "{App} failed with {Count} messages of topic {Topic} of {PubSub} ({Status}: {Reason})")]
    private partial void LogFailed(string app, int count, string topic, string pubSub, StatusCode status, string reason);
}
