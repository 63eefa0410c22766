using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Publishing by gRPC.</summary>
internal static class PubSubMethods
{
    public static void Add(MethodTable methods) =>
        methods.Add<PublishEventRequest, Empty>("PublishEvent", async (app, request, call) =>
        {
            var publication = new Publication(
                app.AppId, request.PubsubName, request.Topic, request.Data.Memory, request.DataContentType,
                new Dictionary<string, string>(request.Metadata), Header(call, "traceparent"), Header(call, "tracestate"));
            await PubSubBlock.PublishAsync(app, publication, call.CancellationToken);
            return new Empty();
        });

    private static string? Header(ServerCallContext call, string name) => call.RequestHeaders.GetValue(name);
}
