namespace EdgeMesh.Ledger;

/// <summary>Copies a log's public files to a folder, which any web server can serve and <see cref="LedgerVerifier"/> can check.</summary>
public static class LedgerExport
{
    /// <summary>Copies what the log's checkpoint covers. The checkpoint is written last: a folder without one is not complete.</summary>
    /// <exception cref="InvalidDataException">The checkpoint can't be read, or a file that it covers is missing.</exception>
    public static async Task<Checkpoint> ToDirectoryAsync(ILogSource source, string directory, IProgress<LedgerProgress>? progress, CancellationToken cancellation)
    {
        // Before the checkpoint, which then covers it.
        var cosigned = await source.ReadAsync(LogFiles.Cosigned, cancellation);
        var note = await ReadAsync(source, LogFiles.Checkpoint, cancellation);
        if (!SignedNote.TryParse(note.Span, out var signed) || !Checkpoint.TryParse(signed.Text, out var checkpoint))
        {
            throw new InvalidDataException("The log's checkpoint is not one.");
        }

        var paths = TileLayout.All(checkpoint.Size).Select(p => p.ToString()).ToArray();
        for (var i = 0; i < paths.Length; i++)
        {
            await WriteAsync(directory, paths[i], await ReadAsync(source, paths[i], cancellation), cancellation);
            progress?.Report(new LedgerProgress(i + 1, paths.Length));
        }

        if (cosigned is { } witnessed)
        {
            await WriteAsync(directory, LogFiles.Cosigned, witnessed, cancellation);
        }

        await WriteAsync(directory, LogFiles.Checkpoint, note, cancellation);
        return checkpoint;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(ILogSource source, string path, CancellationToken cancellation) =>
        await source.ReadAsync(path, cancellation) ?? throw new InvalidDataException($"The log has no {path}.");

    private static async Task WriteAsync(string directory, string path, ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        var file = Path.Combine(directory, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file + ".next", bytes, cancellation);
        File.Move(file + ".next", file, overwrite: true);
    }
}
