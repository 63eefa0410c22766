using Dapr.Client;
using Grpc.Core;

namespace EdgeMesh.Replication;

/// <summary>A journal's storage behind Dapr: rows in the component <c>heads</c>, bodies in <c>bodies</c>. Bodies are never given an ETag or a
/// consistency option, so any state store can hold them.</summary>
public sealed class DaprJournalStore(DaprClient dapr) : IJournalStore
{
    private const string Heads = "heads";
    private const string Bodies = "bodies";
    private const int ParallelCalls = 8;

    /// <inheritdoc/>
    public async ValueTask<StoredRow?> GetRowAsync(string key, CancellationToken cancellation)
    {
        var (value, etag) = await dapr.GetByteStateAndETagAsync(Heads, key, cancellationToken: cancellation);
        return value.IsEmpty ? null : new StoredRow(value, etag);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredRow?>> GetRowsAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        EachAsync(keys, (key, token) => GetRowAsync(key, token), cancellation);

    /// <inheritdoc/>
    public async ValueTask<bool> TransactAsync(IReadOnlyList<RowWrite> writes, CancellationToken cancellation)
    {
        var operations = writes.Select(w => new StateTransactionRequest(
            w.Key, w.Value?.ToArray(), w.Value is null ? StateOperationType.Delete : StateOperationType.Upsert, w.Guard.ETag, null,
            w.Guard.MustBeAbsent ? new StateOptions { Concurrency = ConcurrencyMode.FirstWrite } : null)).ToList();
        try
        {
            await dapr.ExecuteStateTransactionAsync(Heads, operations, cancellationToken: cancellation);
            return true;
        }
        catch (Dapr.DaprException error) when (error.InnerException is RpcException { StatusCode: StatusCode.Internal or StatusCode.Aborted } rpc && rpc.Status.Detail.Contains("etag", StringComparison.OrdinalIgnoreCase))
        {
            // A lost race inside a transaction is Internal, on both engines; only the text tells it from other failures.
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
        EachAsync(keys, (key, token) => GetBodyAsync(key, token), cancellation);

    /// <inheritdoc/>
    public async ValueTask PutBodiesAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies, CancellationToken cancellation)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelCalls, CancellationToken = cancellation };
        await Parallel.ForEachAsync(bodies, options, async (body, token) =>
            await dapr.SaveByteStateAsync(Bodies, body.Key, body.Value, cancellationToken: token));
    }

    /// <inheritdoc/>
    public async ValueTask DeleteBodyAsync(string key, CancellationToken cancellation) =>
        await dapr.DeleteStateAsync(Bodies, key, cancellationToken: cancellation);

    private static async ValueTask<IReadOnlyList<T>> EachAsync<T>(IReadOnlyList<string> keys, Func<string, CancellationToken, ValueTask<T>> get, CancellationToken cancellation)
    {
        var results = new T[keys.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ParallelCalls, CancellationToken = cancellation };
        await Parallel.ForAsync(0, keys.Count, options, async (i, token) => results[i] = await get(keys[i], token));
        return results;
    }
}
