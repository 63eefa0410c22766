namespace EdgeMesh.Replication.Tests;

/// <summary>Fails one chosen write, before or after it was persisted.</summary>
internal sealed class FaultyStore(IJournalStore inner) : IJournalStore
{
    private int _writes;

    /// <summary>Which write fails, counted from 1; 0: none.</summary>
    public int FailAt { get; set; }

    public bool Persists { get; set; }

    /// <summary>Everything fails from the chosen write on: the process died.</summary>
    public bool Dies { get; set; }

    public int Writes => _writes;

    public async ValueTask<bool> TransactAsync(IReadOnlyList<RowWrite> writes, CancellationToken cancellation)
    {
        await FailAsync(async () => await inner.TransactAsync(writes, cancellation));
        return await inner.TransactAsync(writes, cancellation);
    }

    public async ValueTask PutBodiesAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies, CancellationToken cancellation)
    {
        await FailAsync(async () => await inner.PutBodiesAsync(bodies, cancellation));
        await inner.PutBodiesAsync(bodies, cancellation);
    }

    private async ValueTask FailAsync(Func<Task> persist)
    {
        var write = Interlocked.Increment(ref _writes);
        if (write == FailAt || Dies && FailAt > 0 && write > FailAt)
        {
            if (Persists && write == FailAt)
            {
                await persist();
            }

            throw new IOException($"write {write} failed");
        }
    }

    public ValueTask<StoredRow?> GetRowAsync(string key, CancellationToken cancellation) => inner.GetRowAsync(key, cancellation);

    public ValueTask<IReadOnlyList<StoredRow?>> GetRowsAsync(IReadOnlyList<string> keys, CancellationToken cancellation) => inner.GetRowsAsync(keys, cancellation);

    public ValueTask<ReadOnlyMemory<byte>?> GetBodyAsync(string key, CancellationToken cancellation) => inner.GetBodyAsync(key, cancellation);

    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>?>> GetBodiesAsync(IReadOnlyList<string> keys, CancellationToken cancellation) => inner.GetBodiesAsync(keys, cancellation);

    public ValueTask DeleteBodyAsync(string key, CancellationToken cancellation) => inner.DeleteBodyAsync(key, cancellation);
}
