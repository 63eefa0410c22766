namespace EdgeMesh.Keyring;

/// <summary>Where wrapped keys are kept: a compare-and-set store. What a write acknowledged is on disk.</summary>
public interface IKeyStore
{
    /// <summary>The row's bytes; null when absent.</summary>
    ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellation);

    /// <summary>Writes a row that must not exist yet. False: it does.</summary>
    ValueTask<bool> AddAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation);

    /// <summary>Writes a row, whatever was there.</summary>
    ValueTask SetAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation);
}
