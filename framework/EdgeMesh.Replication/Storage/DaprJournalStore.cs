using Dapr;
using Dapr.Client;
using Grpc.Core;

namespace EdgeMesh.Replication;

/// <summary>A journal's storage behind Dapr: rows in the component <c>heads</c>, values in <c>bodies</c>, as raw bytes. The SDK's bulk calls
/// go through JSON, so several keys travel as parallel calls of one HTTP/2 connection. <c>bodies</c> is never given an ETag or a consistency
/// option, so any state store can hold them.</summary>
public sealed class DaprJournalStore(DaprClient dapr) : IJournalStore
{
    private const string Heads = "heads";
    private const string Bodies = "bodies";
    private const int ParallelCalls = 16;
    private const int OperationLimit = 64;
    private const int ValueLimit = 1024 * 1024;

    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    /// <inheritdoc/>
    public async ValueTask<StoredRow?> GetRowAsync(string key, CancellationToken cancellation)
    {
        var (value, etag) = await dapr.GetByteStateAndETagAsync(Heads, key, cancellationToken: cancellation);
        return value.IsEmpty ? null : new StoredRow(value, etag);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredRow?>> GetRowsAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        EachAsync(keys, GetRowAsync, cancellation);

    /// <inheritdoc/>
    public async ValueTask<bool> TransactAsync(IReadOnlyList<RowWrite> writes, CancellationToken cancellation)
    {
        if (writes.Count > OperationLimit || writes.Any(w => w.Value?.Length > ValueLimit))
        {
            throw new ArgumentException($"A transaction has at most {OperationLimit} operations and values of {ValueLimit} bytes.", nameof(writes));
        }

        try
        {
            await dapr.ExecuteStateTransactionAsync(Heads, [.. writes.Select(Operation)], cancellationToken: cancellation);
            return true;
        }
        catch (DaprException error) when (IsStale(error))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> GetBodyAsync(string key, CancellationToken cancellation)
    {
        var value = await dapr.GetByteStateAsync(Bodies, key, cancellationToken: cancellation);
        return value.IsEmpty ? (ReadOnlyMemory<byte>?)null : value;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>?>> GetBodiesAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        EachAsync(keys, GetBodyAsync, cancellation);

    /// <inheritdoc/>
    public async ValueTask PutBodiesAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies, CancellationToken cancellation)
    {
        if (bodies.Any(b => b.Value.Length > ValueLimit))
        {
            throw new ArgumentException($"A value has at most {ValueLimit} bytes.", nameof(bodies));
        }

        await Parallel.ForEachAsync(bodies, Calls(cancellation), async (body, token) =>
            await dapr.SaveByteStateAsync(Bodies, body.Key, body.Value, cancellationToken: token));
    }

    /// <inheritdoc/>
    public async ValueTask DeleteBodyAsync(string key, CancellationToken cancellation) =>
        await dapr.DeleteStateAsync(Bodies, key, cancellationToken: cancellation);

    private static StateTransactionRequest Operation(RowWrite write) => new(
        write.Key,
        write.Value?.ToArray(),
        write.Value is null ? StateOperationType.Delete : StateOperationType.Upsert,
        write.Guard.ETag,
        options: write.Guard is { ETag: null, MustBeAbsent: false } ? null : FirstWrite);

    /// <summary>A stale ETag inside a transaction is an internal error; only its text tells it from others. A wrong guess does no harm:
    /// who gets false, or an exception, reads the row before deciding.</summary>
    private static bool IsStale(DaprException error) =>
        error.InnerException is RpcException { StatusCode: StatusCode.Internal or StatusCode.Aborted or StatusCode.FailedPrecondition } rpc
        && rpc.Status.Detail.Contains("etag", StringComparison.OrdinalIgnoreCase);

    private static async ValueTask<IReadOnlyList<T>> EachAsync<T>(IReadOnlyList<string> keys, Func<string, CancellationToken, ValueTask<T>> get, CancellationToken cancellation)
    {
        var results = new T[keys.Count];
        await Parallel.ForAsync(0, keys.Count, Calls(cancellation), async (i, token) => results[i] = await get(keys[i], token));
        return results;
    }

    private static ParallelOptions Calls(CancellationToken cancellation) => new() { MaxDegreeOfParallelism = ParallelCalls, CancellationToken = cancellation };
}
