using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components;
using StateItem = Dapr.Client.Autogen.Grpc.v1.StateItem;
using EdgeMesh.Sidecar.Http;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>State by gRPC.</summary>
internal static class StateMethods
{
    public static void Add(MethodTable methods)
    {
        methods.Add<GetStateRequest, GetStateResponse>("GetState", async (app, request, call) =>
        {
            var item = await StateBlock.GetAsync(app, request.StoreName, request.Key, call.CancellationToken);
            if (item is null)
            {
                return new GetStateResponse();
            }

            var response = new GetStateResponse { Data = UnsafeByteOperations.UnsafeWrap(item.Value), Etag = item.ETag };
            AddExpiry(response.Metadata, item);
            return response;
        });
        methods.Add<GetBulkStateRequest, GetBulkStateResponse>("GetBulkState", async (app, request, call) =>
        {
            var items = await StateBlock.GetManyAsync(app, request.StoreName, request.Keys, call.CancellationToken);
            var response = new GetBulkStateResponse();
            for (var i = 0; i < items.Count; i++)
            {
                var answer = new BulkStateItem { Key = request.Keys[i] };
                if (items[i] is { } item)
                {
                    (answer.Data, answer.Etag) = (UnsafeByteOperations.UnsafeWrap(item.Value), item.ETag);
                    AddExpiry(answer.Metadata, item);
                }

                response.Items.Add(answer);
            }

            return response;
        });
        methods.Add<SaveStateRequest, Empty>("SaveState", async (app, request, call) =>
        {
            await StateBlock.WriteAsync(app, request.StoreName, [.. request.States.Select(Upsert)], call.CancellationToken);
            return new Empty();
        });
        methods.Add<DeleteStateRequest, Empty>("DeleteState", async (app, request, call) =>
        {
            await StateBlock.WriteAsync(app, request.StoreName, [Delete(request.Key, request.Etag, request.Options)], call.CancellationToken);
            return new Empty();
        });
        methods.Add<DeleteBulkStateRequest, Empty>("DeleteBulkState", async (app, request, call) =>
        {
            await StateBlock.WriteAsync(app, request.StoreName, [.. request.States.Select(s => Delete(s.Key, s.Etag, s.Options))], call.CancellationToken);
            return new Empty();
        });
        methods.Add<ExecuteStateTransactionRequest, Empty>("ExecuteStateTransaction", async (app, request, call) =>
        {
            await StateBlock.TransactAsync(app, request.StoreName, [.. request.Operations.Select(Operation)], call.CancellationToken);
            return new Empty();
        });
    }

    private static StateWrite Operation(TransactionalStateOperation operation) => operation.OperationType switch
    {
        "upsert" => Upsert(operation.Request),
        "delete" => Delete(operation.Request.Key, operation.Request.Etag, operation.Request.Options),
        var other => throw new DaprFault("ERR_NOT_SUPPORTED_STATE_OPERATION", $"operation type {other} not supported", 400, global::Grpc.Core.StatusCode.Unimplemented),
    };

    private static StateWrite Upsert(StateItem item) => new(item.Key, item.Value.Memory)
    {
        ETag = ETag(item.Etag),
        FirstWrite = IsFirstWrite(item.Options),
        TtlSeconds = item.Metadata.TryGetValue("ttlInSeconds", out var ttl) ? StateRoutes.ReadTtl(ttl) : null,
    };

    private static StateWrite Delete(string key, Etag? etag, StateOptions? options) =>
        new(key, null) { ETag = ETag(etag), FirstWrite = IsFirstWrite(options) };

    private static string? ETag(Etag? etag) => etag?.Value is { Length: > 0 } value ? value : null;

    private static bool IsFirstWrite(StateOptions? options) => options?.Concurrency == StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite;

    private static void AddExpiry(MapField<string, string> metadata, Components.StateItem item)
    {
        if (item.ExpiresAt is { } expires)
        {
            metadata["ttlExpireTime"] = StateRoutes.Expiry(expires);
        }
    }
}
