namespace EdgeMesh.Ledger;

/// <summary>Where a ledger lives: small rows that are compared and set, and bodies that are only put and read. What a write
/// acknowledged is on disk; one that throws may have been done or not.</summary>
public interface ILedgerStore
{
    /// <summary>A compare-and-set row; null when absent.</summary>
    ValueTask<LedgerRow?> ReadAsync(string key, CancellationToken cancellation);

    /// <summary>Writes a row if its ETag is still the expected one; null: if there is none. False: it is not.</summary>
    ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, string? expected, CancellationToken cancellation);

    /// <summary>Deletes a row, whatever it holds.</summary>
    ValueTask DeleteAsync(string key, CancellationToken cancellation);

    /// <summary>A body; null when absent.</summary>
    ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync(string key, CancellationToken cancellation);

    /// <summary>Writes a body, whatever was there.</summary>
    ValueTask WriteBodyAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation);

    /// <summary>Deletes a body.</summary>
    ValueTask DeleteBodyAsync(string key, CancellationToken cancellation);
}

/// <summary>A compare-and-set row as it was read.</summary>
/// <param name="Value">Its bytes.</param>
/// <param name="ETag">Names this version of it.</param>
public readonly record struct LedgerRow(ReadOnlyMemory<byte> Value, string ETag);
