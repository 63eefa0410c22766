using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Concurrency = Dapr.Client.Autogen.Grpc.v1.StateOptions.Types.StateConcurrency;
using StateItem = Dapr.Client.Autogen.Grpc.v1.StateItem;
using StateOptions = EdgeMesh.Sidecar.BuildingBlocks.State.StateOptions;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>State by gRPC.</summary>
internal static class StateMethods
{
    public static void Add(MethodTable methods)
    {
        methods.Add<GetStateRequest, GetStateResponse>("GetState", async (app, request, call) =>
        {
            var item = await StateBlock.GetAsync(StateBlock.Open(app, request.StoreName), request.Key, call.CancellationToken);
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
            var (items, failure) = await StateBlock.GetManyAsync(StateBlock.Open(app, request.StoreName), request.Keys, call.CancellationToken);
            return new GetBulkStateResponse { Items = { items.Select((item, i) => Bulk(request.Keys[i], item, failure)) } };
        });
        methods.Add<SaveStateRequest, Empty>("SaveState", async (app, request, call) =>
        {
            var store = StateBlock.Open(app, request.StoreName);
            await StateBlock.SaveAsync(store, [.. request.States.Select(s => s.Key.Length > 0 ? Upsert(s) : throw EmptyKey())], call.CancellationToken);
            return new Empty();
        });
        methods.Add<DeleteStateRequest, Empty>("DeleteState", async (app, request, call) =>
        {
            await StateBlock.DeleteAsync(StateBlock.Open(app, request.StoreName), Delete(request.Key, request.Etag, request.Options), call.CancellationToken);
            return new Empty();
        });
        methods.Add<DeleteBulkStateRequest, Empty>("DeleteBulkState", async (app, request, call) =>
        {
            var store = StateBlock.Open(app, request.StoreName);
            await StateBlock.DeleteManyAsync(store, [.. request.States.Select(s => Delete(s.Key, s.Etag, s.Options))], call.CancellationToken);
            return new Empty();
        });
        methods.Add<QueryStateRequest, QueryStateResponse>("QueryStateAlpha1", (app, request, _) => throw StateBlock.NotQueryable(app, request.StoreName));
        methods.Add<ExecuteStateTransactionRequest, Empty>("ExecuteStateTransaction", async (app, request, call) =>
        {
            await StateBlock.TransactAsync(StateBlock.Open(app, request.StoreName), [.. request.Operations.Select(Operation)], Trace(call), call.CancellationToken);
            return new Empty();
        });
    }

    private static TraceContext Trace(ServerCallContext call) => new(call.RequestHeaders.GetValue("traceparent"), call.RequestHeaders.GetValue("tracestate"));

    private static DaprFault EmptyKey() => new("ERR_STATE_SAVE", "state key cannot be empty", 400, StatusCode.InvalidArgument);

    private static BulkStateItem Bulk(string key, Components.StateItem? item, string? failure)
    {
        var answer = new BulkStateItem { Key = key, Error = failure ?? "" };
        if (item is not null)
        {
            (answer.Data, answer.Etag) = (UnsafeByteOperations.UnsafeWrap(item.Value), item.ETag);
            AddExpiry(answer.Metadata, item);
        }

        return answer;
    }

    private static StateWrite Operation(TransactionalStateOperation operation) => operation.OperationType switch
    {
        "upsert" => Upsert(operation.Request ?? new StateItem()),
        "delete" => Delete(operation.Request?.Key ?? "", operation.Request?.Etag, operation.Request?.Options),
        var other => throw new DaprFault("ERR_NOT_SUPPORTED_STATE_OPERATION", $"operation type {other} not supported", 400, StatusCode.Unimplemented),
    };

    private static StateWrite Upsert(StateItem item)
    {
        var (ttl, fault) = StateOptions.Ttl(item.Metadata.TryGetValue(StateOptions.TtlField, out var text) ? text : null);
        return new StateWrite(item.Key, item.Value.Memory)
        {
            ETag = ETag(item.Etag),
            FirstWrite = item.Options?.Concurrency == Concurrency.ConcurrencyFirstWrite,
            TtlSeconds = ttl,
            Metadata = item.Metadata.Count > 0 ? item.Metadata : null,
            Fault = fault,
        };
    }

    private static StateWrite Delete(string key, Etag? etag, Dapr.Client.Autogen.Grpc.v1.StateOptions? options) =>
        new(key, null) { ETag = ETag(etag), FirstWrite = options?.Concurrency == Concurrency.ConcurrencyFirstWrite };

    private static string? ETag(Etag? etag) => etag?.Value is { Length: > 0 } value ? value : null;

    private static void AddExpiry(MapField<string, string> metadata, Components.StateItem item)
    {
        if (item.ExpiresAt is { } expires)
        {
            metadata["ttlExpireTime"] = StateOptions.Expiry(expires);
        }
    }
}
