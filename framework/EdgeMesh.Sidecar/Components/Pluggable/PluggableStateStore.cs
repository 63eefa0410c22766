using System.Globalization;
using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeMesh.Sidecar.Components.Pluggable;

/// <summary>A state store in a process of its own.</summary>
internal sealed class PluggableStateStore : IStateStore, IServerDriver
{
    private const string TtlField = "ttlInSeconds", ExpiryField = "ttlExpireTime", DetailsField = "grpc-status-details-bin";

    private readonly ComponentSpec _spec;
    private readonly GrpcChannel _channel;
    private readonly Metadata _headers;
    private readonly StateStore.StateStoreClient _store;
    private readonly TransactionalStateStore.TransactionalStateStoreClient _transactions;

    public PluggableStateStore(ComponentSpec spec, string socket)
    {
        _spec = spec;
        (_channel, _headers) = PluggableSocket.Open(socket, spec.Name);
        _store = new StateStore.StateStoreClient(_channel);
        _transactions = new TransactionalStateStore.TransactionalStateStoreClient(_channel);
    }

    public async Task ConnectAsync(CancellationToken cancellation) =>
        await _store.InitAsync(new InitRequest { Metadata = new MetadataRequest { Properties = { _spec.Metadata.ToDictionary() } } }, _headers, cancellationToken: cancellation);

    public async Task<StateItem?> GetAsync(string key, CancellationToken cancellation)
    {
        var answer = await _store.GetAsync(new GetRequest { Key = key }, _headers, cancellationToken: cancellation);
        if (answer.Etag is null && answer.Data.IsEmpty)
        {
            return null;
        }

        return new StateItem(answer.Data.Memory, answer.Etag?.Value ?? "")
        {
            ExpiresAt = answer.Metadata.TryGetValue(ExpiryField, out var text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) ? moment : null,
        };
    }

    public Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation) => OutcomeAsync(async () =>
    {
        if (write.Value is null)
        {
            await _store.DeleteAsync(Delete(write), _headers, cancellationToken: cancellation);
        }
        else
        {
            await _store.SetAsync(Set(write), _headers, cancellationToken: cancellation);
        }
    });

    public Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation) => OutcomeAsync(async () =>
    {
        var request = new TransactionalStateRequest();
        request.Operations.AddRange(writes.Select(w => w.Value is null ? new TransactionalStateOperation { Delete = Delete(w) } : new TransactionalStateOperation { Set = Set(w) }));
        await _transactions.TransactAsync(request, _headers, cancellationToken: cancellation);
    });

    /// <summary>What a component says of an ETag, in the details of its answer: FailedPrecondition for a stale one, InvalidArgument for one
    /// that is none. Without such details it is a failure like any other, as with daprd.</summary>
    private static async Task<StateOutcome> OutcomeAsync(Func<Task> write)
    {
        try
        {
            await write();
            return StateOutcome.Done;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.FailedPrecondition && IsAboutTheETag(error))
        {
            return StateOutcome.ETagMismatch;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.InvalidArgument && IsAboutTheETag(error))
        {
            return StateOutcome.ETagInvalid;
        }
    }

    private static bool IsAboutTheETag(RpcException error) =>
        error.Trailers.GetValueBytes(DetailsField) is { } bytes
        && Google.Rpc.Status.Parser.ParseFrom(bytes).Details.Any(d => d.TryUnpack<BadRequest>(out var request) && request.FieldViolations.Any(v => v.Field == "etag"));

    private static SetRequest Set(StateWrite write)
    {
        var request = new SetRequest { Key = write.Key, Value = ByteString.CopyFrom(write.Value!.Value.Span), Etag = ETag(write), Options = Options(write) };
        if (write.TtlSeconds is { } seconds)
        {
            request.Metadata[TtlField] = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return request;
    }

    private static DeleteRequest Delete(StateWrite write) => new() { Key = write.Key, Etag = ETag(write), Options = Options(write) };

    private static Etag? ETag(StateWrite write) => write.ETag is null ? null : new Etag { Value = write.ETag };

    private static StateOptions Options(StateWrite write) =>
        new() { Concurrency = write.FirstWrite ? StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite : StateOptions.Types.StateConcurrency.ConcurrencyUnspecified };

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
