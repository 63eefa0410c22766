namespace EdgeMesh.Ledger.Verification;

/// <summary>The tiles of the right edge do not give the root that was signed. Each is rebuilt from what is below it; the one whose
/// rebuilt form gives the root is the damaged one.</summary>
internal sealed class EdgeDiagnosis(LogFileReader files, Checkpoint checkpoint, LogHash[][] edge)
{
    public async Task<LedgerFaultException> FindAsync(CancellationToken cancellation)
    {
        LedgerFault? first = null;
        for (var level = 0; level < edge.Length; level++)
        {
            var path = TileLayout.Tile(checkpoint.Size, level, TileLayout.HashCount(checkpoint.Size, level) / TilePath.FullWidth);
            var rebuilt = await RebuildAsync(path, edge[level], cancellation);
            var wrong = Enumerable.Range(0, rebuilt.Length).FirstOrDefault(i => rebuilt[i] != edge[level][i], -1);
            if (wrong < 0)
            {
                continue;
            }

            var entry = LogFileReader.FirstEntry(path, wrong);
            var fault = new LedgerFault(LedgerFaultKind.Tile, path.ToString(), entry,
                $"{path} is damaged: its hash {wrong}, of entry {entry}{(level > 0 ? " and those after it" : "")}, is not the one that was logged");
            first ??= fault;
            LogHash[][] mended = [.. edge[..level], rebuilt, .. edge[(level + 1)..]];
            if (LogWalk.EdgeRoot(mended) == checkpoint.Root)
            {
                return new LedgerFaultException(fault);
            }
        }

        return new LedgerFaultException(first ?? new LedgerFault(LedgerFaultKind.Checkpoint, LogFiles.Checkpoint, null,
            $"the root that was signed for {checkpoint.Size} entries is not the root of the tiles that are served: this is another log, or it was altered throughout"));
    }

    private async Task<LogHash[]> RebuildAsync(TilePath path, LogHash[] served, CancellationToken cancellation)
    {
        var rebuilt = new LogHash[served.Length];
        for (var i = 0; i < served.Length; i++)
        {
            rebuilt[i] = await TileDiagnosis.BelowAsync(files, checkpoint.Size, path, i, cancellation) ?? served[i];
        }

        return rebuilt;
    }
}
