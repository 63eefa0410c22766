namespace EdgeMesh.Replication;

/// <summary>What a journal needs of storage: small rows in a compare-and-set store, immutable bodies anywhere.
/// Keys are complete (they begin with the site). No value is over 1 MiB, no transaction over 64 operations.</summary>
public interface IJournalStore
{
    /// <summary>Reads a row of <c>heads</c> with its ETag; null when absent.</summary>
    ValueTask<StoredRow?> GetRowAsync(string key, CancellationToken cancellation);

    /// <summary>Reads rows of <c>heads</c>, in the order of the keys; absent ones are null.</summary>
    ValueTask<IReadOnlyList<StoredRow?>> GetRowsAsync(IReadOnlyList<string> keys, CancellationToken cancellation);

    /// <summary>Writes rows of <c>heads</c>, all or nothing. False when an ETag was stale; any other failure, of which nobody can
    /// say whether it was written, is an exception.</summary>
    ValueTask<bool> TransactAsync(IReadOnlyList<RowWrite> writes, CancellationToken cancellation);

    /// <summary>Reads a body; null when absent.</summary>
    ValueTask<ReadOnlyMemory<byte>?> GetBodyAsync(string key, CancellationToken cancellation);

    /// <summary>Reads bodies, in the order of the keys; absent ones are null.</summary>
    ValueTask<IReadOnlyList<ReadOnlyMemory<byte>?>> GetBodiesAsync(IReadOnlyList<string> keys, CancellationToken cancellation);

    /// <summary>Puts bodies; durable when it returns. A body that is there already is written again with the same bytes.</summary>
    ValueTask PutBodiesAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies, CancellationToken cancellation);

    /// <summary>Deletes a body; absent is no error.</summary>
    ValueTask DeleteBodyAsync(string key, CancellationToken cancellation);
}

/// <summary>A row of the compare-and-set store.</summary>
/// <param name="Value">Its bytes.</param>
/// <param name="ETag">What a write must name to replace just this value.</param>
public sealed record StoredRow(ReadOnlyMemory<byte> Value, string ETag);

/// <summary>One operation of a transaction.</summary>
/// <param name="Key">The row.</param>
/// <param name="Value">The new bytes; null deletes.</param>
/// <param name="Guard">What must hold of the row.</param>
public sealed record RowWrite(string Key, ReadOnlyMemory<byte>? Value, RowGuard Guard);

/// <summary>What must hold of a row for its write to stand.</summary>
/// <param name="ETag">The row's ETag, or null.</param>
/// <param name="MustBeAbsent">Whether the row must not exist (first write wins).</param>
public readonly record struct RowGuard(string? ETag, bool MustBeAbsent)
{
    /// <summary>Nothing: the row is derived from a batch and is written again by recovery.</summary>
    public static readonly RowGuard None;

    /// <summary>The row must not exist.</summary>
    public static readonly RowGuard Absent = new(null, true);

    /// <summary>The row must still be what was read.</summary>
    public static RowGuard Matches(string etag) => new(etag, false);
}
