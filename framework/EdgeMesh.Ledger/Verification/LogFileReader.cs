namespace EdgeMesh.Ledger.Verification;

/// <summary>Ends a verification at what does not hold.</summary>
internal sealed class LedgerFaultException(LedgerFault fault) : Exception(fault.Message)
{
    public LedgerFault Fault { get; } = fault;
}

/// <summary>Reads a log's files; what is not there, or not of its length, is a fault.</summary>
internal sealed class LogFileReader(ILogSource source)
{
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(string path, long? entry, CancellationToken cancellation)
    {
        try
        {
            return await source.ReadAsync(path, cancellation)
                ?? throw new LedgerFaultException(new LedgerFault(LedgerFaultKind.Missing, path, entry, $"{path} is missing"));
        }
        catch (IOException error)
        {
            throw new LedgerFaultException(new LedgerFault(LedgerFaultKind.Unreadable, path, entry, error.Message));
        }
    }

    public async ValueTask<LogHash[]> TileAsync(TilePath path, CancellationToken cancellation)
    {
        var bytes = await ReadAsync(path.ToString(), FirstEntry(path, 0), cancellation);
        return bytes.Length == path.Width * LogHash.Length
            ? [.. Enumerable.Range(0, path.Width).Select(i => new LogHash(bytes.Span.Slice(i * LogHash.Length, LogHash.Length)))]
            : throw new LedgerFaultException(new LedgerFault(LedgerFaultKind.Tile, path.ToString(), FirstEntry(path, 0),
                $"{path} has {bytes.Length} bytes, not {path.Width * LogHash.Length}"));
    }

    /// <summary>The first entry that a tile's hash covers.</summary>
    public static long FirstEntry(TilePath path, int hash) => ((path.Index * TilePath.FullWidth) + hash) << (8 * Math.Max(path.Level, 0));
}
