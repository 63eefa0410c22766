namespace EdgeMesh.Ledger;

/// <summary>A log as files in a folder, as <see cref="LedgerExport"/> writes them.</summary>
public sealed class DirectoryLogSource(string directory) : ILogSource
{
    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(string path, CancellationToken cancellation)
    {
        var file = new FileInfo(Path.Combine(directory, path));
        if (!file.Exists)
        {
            return null;
        }

        return file.Length <= LogFiles.MaxLength
            ? await File.ReadAllBytesAsync(file.FullName, cancellation)
            : throw new IOException($"{file.FullName} has {file.Length} bytes; the longest file of a log has {LogFiles.MaxLength}.");
    }
}
