namespace EdgeMesh.Replication.Storage;

/// <summary>Limits the time of each call, and makes every failure of the store a <see cref="JournalUnavailableException"/>.</summary>
internal sealed class LimitedStore(IJournalStore store, TimeProvider clock, TimeSpan limit) : IJournalStore
{
    public ValueTask<StoredRow?> GetRowAsync(string key, CancellationToken cancellation) =>
        CallAsync(token => store.GetRowAsync(key, token), cancellation);

    public ValueTask<IReadOnlyList<StoredRow?>> GetRowsAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        CallAsync(token => store.GetRowsAsync(keys, token), cancellation);

    public ValueTask<bool> TransactAsync(IReadOnlyList<RowWrite> writes, CancellationToken cancellation) =>
        CallAsync(token => store.TransactAsync(writes, token), cancellation);

    public ValueTask<ReadOnlyMemory<byte>?> GetBodyAsync(string key, CancellationToken cancellation) =>
        CallAsync(token => store.GetBodyAsync(key, token), cancellation);

    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>?>> GetBodiesAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        CallAsync(token => store.GetBodiesAsync(keys, token), cancellation);

    public async ValueTask PutBodiesAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies, CancellationToken cancellation) =>
        await CallAsync(async token =>
        {
            await store.PutBodiesAsync(bodies, token);
            return true;
        }, cancellation);

    public async ValueTask DeleteBodyAsync(string key, CancellationToken cancellation) =>
        await CallAsync(async token =>
        {
            await store.DeleteBodyAsync(key, token);
            return true;
        }, cancellation);

    private async ValueTask<T> CallAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellation)
    {
        using var timer = new CancellationTokenSource(limit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            return await call(both.Token);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            var reason = timer.IsCancellationRequested ? $"no answer in {limit.TotalSeconds} s" : error.Message;
            throw new JournalUnavailableException($"The store of the journal failed: {reason}", error);
        }
    }
}
