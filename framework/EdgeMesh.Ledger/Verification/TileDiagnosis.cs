namespace EdgeMesh.Ledger.Verification;

/// <summary>Finds which hash of a damaged tile is wrong, by what is below it.</summary>
internal static class TileDiagnosis
{
    public static async Task<LedgerFaultException> FindAsync(LogFileReader files, long size, TilePath path, LogHash[] hashes, CancellationToken cancellation)
    {
        var wrong = 0;
        for (; wrong < hashes.Length; wrong++)
        {
            if (await BelowAsync(files, size, path, wrong, cancellation) is { } right && right != hashes[wrong])
            {
                break;
            }
        }

        if (wrong < hashes.Length)
        {
            var entry = LogFileReader.FirstEntry(path, wrong);
            return new LedgerFaultException(new LedgerFault(LedgerFaultKind.Tile, path.ToString(), entry,
                $"{path} is damaged: its hash {wrong}, of entry {entry}{(path.Level > 0 ? " and those after it" : "")}, is not the one that was logged"));
        }

        var first = LogFileReader.FirstEntry(path, 0);
        return new LedgerFaultException(new LedgerFault(LedgerFaultKind.Tile, path.ToString(), first,
            $"{path} and all below it were altered together: they are not what the checkpoint commits to, from entry {first} on"));
    }

    /// <summary>What the hash should be, by the files below; null when they can't tell.</summary>
    public static async Task<LogHash?> BelowAsync(LogFileReader files, long size, TilePath path, int place, CancellationToken cancellation)
    {
        try
        {
            return path.Level == 0
                ? await LeafAsync(files, TileLayout.Tile(size, TilePath.Entries, path.Index), place, cancellation)
                : TreeHash.Root(await files.TileAsync(TileLayout.Tile(size, path.Level - 1, (path.Index * TilePath.FullWidth) + place), cancellation));
        }
        catch (LedgerFaultException)
        {
            return null;
        }
    }

    private static async Task<LogHash?> LeafAsync(LogFileReader files, TilePath bundle, int place, CancellationToken cancellation)
    {
        var rest = await files.ReadAsync(bundle.ToString(), null, cancellation);
        for (; LogWalk.TakeEntry(ref rest) is { } entry; place--)
        {
            if (place == 0)
            {
                return TreeHash.Leaf(entry.Span);
            }
        }

        return null;
    }
}
