using System.Buffers.Binary;

namespace EdgeMesh.Ledger.Verification;

/// <summary>Goes through a log from the top: the checkpoint proves the right edge, a proven tile proves those below it, and those of the
/// lowest level prove the entries. So what does not hold is named exactly. Memory: one tile of each level, one bundle.</summary>
internal sealed class LogWalk(LogFileReader files, Checkpoint checkpoint)
{
    private readonly Dictionary<int, (long Index, LogHash[] Hashes)> _proven = [];
    private LogHash[][] _edge = [];

    /// <summary>How many entries hold.</summary>
    public long Verified { get; private set; }

    public async Task RunAsync(IProgress<LedgerProgress>? progress, CancellationToken cancellation)
    {
        _edge = await EdgeAsync(cancellation);
        if (EdgeRoot(_edge) != checkpoint.Root)
        {
            throw await new EdgeDiagnosis(files, checkpoint, _edge).FindAsync(cancellation);
        }

        for (var bundle = 0L; Verified < checkpoint.Size; bundle++)
        {
            await VerifyBundleAsync(TileLayout.Tile(checkpoint.Size, TilePath.Entries, bundle), cancellation);
            progress?.Report(new LedgerProgress(Verified, checkpoint.Size));
        }
    }

    public static LogHash EdgeRoot(LogHash[][] edge)
    {
        LogHash? below = null;
        foreach (var level in edge)
        {
            LogHash[] hashes = below is { } smaller ? [.. level, smaller] : level;
            below = hashes.Length > 0 ? TreeHash.Root(hashes) : below;
        }

        return below ?? TreeHash.Empty;
    }

    /// <summary>The entry at the start of a bundle's rest; null when the rest ends inside it.</summary>
    public static ReadOnlyMemory<byte>? TakeEntry(ref ReadOnlyMemory<byte> rest)
    {
        if (rest.Length < 2 || rest.Length < 2 + BinaryPrimitives.ReadUInt16BigEndian(rest.Span))
        {
            return null;
        }

        var entry = rest.Slice(2, BinaryPrimitives.ReadUInt16BigEndian(rest.Span));
        rest = rest[(2 + entry.Length)..];
        return entry;
    }

    private async Task<LogHash[][]> EdgeAsync(CancellationToken cancellation)
    {
        var edge = new LogHash[TileLayout.Levels(checkpoint.Size)][];
        for (var level = 0; level < edge.Length; level++)
        {
            var path = TileLayout.Tile(checkpoint.Size, level, TileLayout.HashCount(checkpoint.Size, level) / TilePath.FullWidth);
            edge[level] = path.Width == 0 ? [] : await files.TileAsync(path, cancellation);
        }

        return edge;
    }

    private async Task VerifyBundleAsync(TilePath path, CancellationToken cancellation)
    {
        var hashes = await ProvenAsync(path with { Level = 0 }, cancellation);
        var first = LogFileReader.FirstEntry(path, 0);
        var rest = await files.ReadAsync(path.ToString(), first, cancellation);
        for (var i = 0; i < path.Width; i++)
        {
            if (TakeEntry(ref rest) is not { } entry)
            {
                throw Fault(LedgerFaultKind.Entry, path, first + i, $"entry {first + i} is cut off: {path} ends inside it");
            }

            if (TreeHash.Leaf(entry.Span) != hashes[i])
            {
                throw Fault(LedgerFaultKind.Entry, path, first + i, $"entry {first + i} is not the one that was logged: its hash is not the one in tile/0");
            }

            Verified++;
        }

        if (!rest.IsEmpty)
        {
            throw Fault(LedgerFaultKind.Entry, path, first + path.Width, $"{path} has {rest.Length} bytes after entry {first + path.Width - 1}, its last");
        }
    }

    /// <summary>A tile's hashes, once the tile above has proven them.</summary>
    private async ValueTask<LogHash[]> ProvenAsync(TilePath path, CancellationToken cancellation)
    {
        if (path.Index == TileLayout.HashCount(checkpoint.Size, path.Level) / TilePath.FullWidth)
        {
            return _edge[path.Level];
        }

        if (_proven.TryGetValue(path.Level, out var known) && known.Index == path.Index)
        {
            return known.Hashes;
        }

        var hashes = await files.TileAsync(path, cancellation);
        var above = await ProvenAsync(TileLayout.Tile(checkpoint.Size, path.Level + 1, path.Index / TilePath.FullWidth), cancellation);
        if (TreeHash.Root(hashes) != above[path.Index % TilePath.FullWidth])
        {
            throw await TileDiagnosis.FindAsync(files, checkpoint.Size, path, hashes, cancellation);
        }

        _proven[path.Level] = (path.Index, hashes);
        return hashes;
    }

    private static LedgerFaultException Fault(LedgerFaultKind kind, TilePath path, long entry, string message) =>
        new(new LedgerFault(kind, path.ToString(), entry, message));
}
