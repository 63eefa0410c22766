namespace EdgeMesh.Ledger;

/// <summary>Where the public files of a log come from: a server, a folder, or the ledger itself.</summary>
public interface ILogSource
{
    /// <summary>A file's bytes; null when it is not there.</summary>
    /// <param name="path"><c>checkpoint</c>, or a <see cref="TilePath"/>.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">It can't be read.</exception>
    ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellation);
}
