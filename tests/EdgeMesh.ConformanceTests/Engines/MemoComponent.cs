using System.Collections.Concurrent;
using System.Globalization;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using EdgeMesh.Sidecar.Components.PubSubInMemory;
using EdgeMesh.Sidecar.Components.StateInMemory;
using EdgeMesh.Sidecar.Grpc;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Status = Grpc.Core.Status;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>A pluggable component as anyone may write one: a gRPC server on a Unix socket that serves <c>state.memo</c>,
/// <c>pubsub.memo</c>, <c>bindings.memo</c> and <c>secretstores.memo</c> from memory. daprd finds its services by reflection.</summary>
internal sealed class MemoComponent : IAsyncDisposable
{
    public const string Name = "memo";

    private readonly WebApplication _web;

    private MemoComponent(WebApplication web) => _web = web;

    public static async Task<MemoComponent> StartAsync(string sockets)
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.ListenUnixSocket(Path.Combine(sockets, Name + ".sock"), l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddGrpcReflection();
        builder.Services.AddSingleton(new MemoryStateStore(TimeProvider.System));
        builder.Services.AddSingleton(new MemoryBroker(TimeProvider.System));
        builder.Services.AddSingleton(new MemoEvents());
        var web = builder.Build();
        web.MapGrpcService<MemoState>();
        web.MapGrpcService<MemoTransactions>();
        web.MapGrpcService<MemoPubSub>();
        web.MapGrpcService<MemoOutput>();
        web.MapGrpcService<MemoInput>();
        web.MapGrpcService<MemoSecrets>();
        web.MapGrpcReflectionService();
        await web.StartAsync();
        return new MemoComponent(web);
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private sealed class MemoState(MemoryStateStore store) : StateStore.StateStoreBase
    {
        public override Task<InitResponse> Init(InitRequest request, ServerCallContext context) => Task.FromResult(new InitResponse());

        public override Task<FeaturesResponse> Features(FeaturesRequest request, ServerCallContext context) =>
            Task.FromResult(new FeaturesResponse { Feature = { "ETAG", "TRANSACTIONAL", "TTL" } });

        public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

        public override async Task<GetResponse> Get(GetRequest request, ServerCallContext context)
        {
            var item = await store.GetAsync(request.Key, context.CancellationToken);
            if (item is null)
            {
                return new GetResponse();
            }

            var answer = new GetResponse { Data = ByteString.CopyFrom(item.Value.Span), Etag = new Etag { Value = item.ETag } };
            if (item.ExpiresAt is { } expires)
            {
                answer.Metadata["ttlExpireTime"] = expires.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            }

            return answer;
        }

        public override async Task<SetResponse> Set(SetRequest request, ServerCallContext context)
        {
            Check(await store.WriteAsync(Write(request), context.CancellationToken));
            return new SetResponse();
        }

        public override async Task<DeleteResponse> Delete(DeleteRequest request, ServerCallContext context)
        {
            Check(await store.WriteAsync(Write(request), context.CancellationToken));
            return new DeleteResponse();
        }

        public override async Task<BulkGetResponse> BulkGet(BulkGetRequest request, ServerCallContext context)
        {
            var answer = new BulkGetResponse();
            foreach (var item in request.Items)
            {
                var got = await Get(item, context);
                answer.Items.Add(new BulkStateItem { Key = item.Key, Data = got.Data, Etag = got.Etag, Metadata = { got.Metadata } });
            }

            return answer;
        }

        public override async Task<BulkSetResponse> BulkSet(BulkSetRequest request, ServerCallContext context)
        {
            foreach (var item in request.Items)
            {
                await Set(item, context);
            }

            return new BulkSetResponse();
        }

        public override async Task<BulkDeleteResponse> BulkDelete(BulkDeleteRequest request, ServerCallContext context)
        {
            foreach (var item in request.Items)
            {
                await Delete(item, context);
            }

            return new BulkDeleteResponse();
        }

        public static StateWrite Write(SetRequest request) => new(request.Key, request.Value.Memory)
        {
            ETag = request.Etag?.Value,
            FirstWrite = request.Options?.Concurrency == StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite,
            TtlSeconds = request.Metadata.TryGetValue("ttlInSeconds", out var seconds) ? int.Parse(seconds, CultureInfo.InvariantCulture) : null,
        };

        public static StateWrite Write(DeleteRequest request) => new(request.Key, null) { ETag = request.Etag?.Value };

        public static void Check(StateOutcome outcome)
        {
            if (outcome != StateOutcome.Done)
            {
                const string Stale = "stale ETag";
                var details = FaultDetails.Serialize(StatusCode.FailedPrecondition, Stale, [new BadRequest { FieldViolations = { new BadRequest.Types.FieldViolation { Field = "etag", Description = Stale } } }]);
                throw new RpcException(new Status(StatusCode.FailedPrecondition, Stale), new Metadata { { "grpc-status-details-bin", details } });
            }
        }
    }

    private sealed class MemoTransactions(MemoryStateStore store) : TransactionalStateStore.TransactionalStateStoreBase
    {
        public override async Task<TransactionalStateResponse> Transact(TransactionalStateRequest request, ServerCallContext context)
        {
            MemoState.Check(await store.TransactAsync([.. request.Operations.Select(o => o.Set is { } set ? MemoState.Write(set) : MemoState.Write(o.Delete))], context.CancellationToken));
            return new TransactionalStateResponse();
        }
    }

    private sealed class MemoPubSub(MemoryBroker broker) : PubSub.PubSubBase
    {
        public override Task<PubSubInitResponse> Init(PubSubInitRequest request, ServerCallContext context) => Task.FromResult(new PubSubInitResponse());

        public override Task<FeaturesResponse> Features(FeaturesRequest request, ServerCallContext context) => Task.FromResult(new FeaturesResponse());

        public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context) => Task.FromResult(new PingResponse());

        public override async Task<PublishResponse> Publish(PublishRequest request, ServerCallContext context)
        {
            await broker.PublishAsync(new BrokerMessage(request.Topic, request.Data.ToByteArray(), request.Metadata), context.CancellationToken);
            return new PublishResponse();
        }

        public override async Task PullMessages(IAsyncStreamReader<PullMessagesRequest> requests, IServerStreamWriter<PullMessagesResponse> responses, ServerCallContext context)
        {
            await requests.MoveNext(context.CancellationToken);
            var topic = requests.Current.Topic.Name;
            var waiting = new ConcurrentDictionary<string, TaskCompletionSource<bool>>();
            await using var subscription = await broker.SubscribeAsync(
                new BrokerSubscription(topic, "memo", BrokerMessage.NoMetadata),
                async (message, stopped) =>
                {
                    var acknowledged = waiting[message.Id] = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
                    await responses.WriteAsync(new PullMessagesResponse { Data = ByteString.CopyFrom(message.Data.Span), TopicName = topic, Id = message.Id, Metadata = { message.Metadata.ToDictionary() } }, stopped);
                    return await acknowledged.Task.WaitAsync(stopped);
                },
                context.CancellationToken);
            while (await requests.MoveNext(context.CancellationToken))
            {
                if (waiting.TryRemove(requests.Current.AckMessageId, out var acknowledged))
                {
                    acknowledged.SetResult(requests.Current.AckError is null);
                }
            }
        }
    }
}
