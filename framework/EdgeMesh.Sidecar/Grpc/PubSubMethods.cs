using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Publishing by gRPC.</summary>
internal static class PubSubMethods
{
    public static void Add(MethodTable methods)
    {
        TopicStreamMethods.Add(methods);
        methods.Add<PublishEventRequest, Empty>("PublishEvent", PublishAsync);
        methods.Add<BulkPublishRequest, BulkPublishResponse>("BulkPublishEvent", PublishManyAsync);
        methods.Add<BulkPublishRequest, BulkPublishResponse>("BulkPublishEventAlpha1", PublishManyAsync);
    }

    private static async Task<Empty> PublishAsync(AppRuntime app, PublishEventRequest request, ServerCallContext call)
    {
        var target = PubSubBlock.Target(app, request.PubsubName, request.Topic);
        await PubSubBlock.PublishAsync(target, Publication(target, request.Data.Memory, request.DataContentType, request.Metadata, call), call.CancellationToken);
        return new Empty();
    }

    private static async Task<BulkPublishResponse> PublishManyAsync(AppRuntime app, BulkPublishRequest request, ServerCallContext call)
    {
        var target = PubSubBlock.Target(app, request.PubsubName, request.Topic);
        var isRaw = PubSubBlock.IsRaw(target, new Dictionary<string, string>(request.Metadata));
        var entries = request.Entries.Select(e => new BulkEntry(e.EntryId, Publication(target, e.Event.Memory, e.ContentType, Merge(request.Metadata, e.Metadata), call))).ToArray();
        var failed = await PubSubBlock.PublishManyAsync(target, isRaw, entries, call.CancellationToken);
        return new BulkPublishResponse { FailedEntries = { failed.Select(f => new BulkPublishResponseFailedEntry { EntryId = f.EntryId, Error = f.Error }) } };
    }

    private static Publication Publication(PubSubTarget target, ReadOnlyMemory<byte> data, string contentType, MapField<string, string> metadata, ServerCallContext call) =>
        new(target.Spec.Name, target.Topic, data, contentType, metadata.Count == 0 ? Components.BrokerMessage.NoMetadata : new Dictionary<string, string>(metadata))
        {
            TraceParent = call.RequestHeaders.GetValue("traceparent"),
            TraceState = call.RequestHeaders.GetValue("tracestate"),
        };

    /// <summary>An entry's own metadata before the request's.</summary>
    private static MapField<string, string> Merge(MapField<string, string> request, MapField<string, string> entry)
    {
        if (request.Count == 0)
        {
            return entry;
        }

        var merged = request.Clone();
        foreach (var (name, value) in entry)
        {
            merged[name] = value;
        }

        return merged;
    }
}
