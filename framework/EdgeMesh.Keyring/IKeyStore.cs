namespace EdgeMesh.Keyring;

/// <summary>Where wrapped keys are kept: a compare-and-set store with transactions. What a commit acknowledged is on disk.</summary>
public interface IKeyStore
{
    /// <summary>The row; null when absent.</summary>
    ValueTask<KeyRow?> GetAsync(string key, CancellationToken cancellation);

    /// <summary>Writes all or nothing, if the first row is still as <paramref name="expected"/> says; at most 64 rows.
    /// The first row guards the others: whoever changes them changes it too.</summary>
    /// <param name="writes">The rows; a null value deletes.</param>
    /// <param name="expected">The first row's ETag as it was read; null: it must not exist.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>False: somebody else was faster; read again.</returns>
    ValueTask<bool> CommitAsync(IReadOnlyList<KeyWrite> writes, string? expected, CancellationToken cancellation);
}

/// <summary>A row as it was read.</summary>
/// <param name="Value">Its bytes.</param>
/// <param name="ETag">Names this version of it.</param>
public readonly record struct KeyRow(ReadOnlyMemory<byte> Value, string ETag);

/// <summary>A row to write.</summary>
/// <param name="Key">Its name, below the site's keyring.</param>
/// <param name="Value">Its bytes; null deletes it.</param>
public readonly record struct KeyWrite(string Key, byte[]? Value);
