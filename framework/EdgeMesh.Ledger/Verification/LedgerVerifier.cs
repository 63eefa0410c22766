using EdgeMesh.Ledger.Verification;

namespace EdgeMesh.Ledger;

/// <summary>Checks a whole log from its public files alone: signature, every tile, every entry.</summary>
public static class LedgerVerifier
{
    /// <summary>Verifies a log.</summary>
    /// <param name="source">Its files.</param>
    /// <param name="key">The log's key; its name is the origin.</param>
    /// <param name="progress">Told after each bundle; null: nobody.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="witnesses">The keys of witnesses whose cosignatures count; the log must begin with what any of them cosigned.</param>
    /// <returns>The first thing that does not hold, or that everything does.</returns>
    public static async Task<VerifyResult> VerifyAsync(
        ILogSource source, VerifierKey key, IProgress<LedgerProgress>? progress, CancellationToken cancellation, IReadOnlyCollection<VerifierKey>? witnesses = null)
    {
        Checkpoint? checkpoint = null;
        LogWalk? walk = null;
        try
        {
            var cosigned = await CosignatureCheck.OpenAsync(source, key, witnesses ?? [], cancellation);
            checkpoint = await OpenAsync(source, key, cancellation);
            walk = new LogWalk(new LogFileReader(source), checkpoint);
            await walk.RunAsync(progress, cancellation);
            if (cosigned is { } found)
            {
                await CosignatureCheck.VerifyAsync(source, checkpoint, found.Checkpoint, found.Witnessed, cancellation);
            }

            return new VerifyResult(checkpoint, checkpoint.Size, null) { Cosigned = cosigned?.Witnessed };
        }
        catch (LedgerFaultException error)
        {
            return new VerifyResult(checkpoint, walk?.Verified ?? 0, error.Fault);
        }
    }

    private static async Task<Checkpoint> OpenAsync(ILogSource source, VerifierKey key, CancellationToken cancellation)
    {
        var note = await new LogFileReader(source).ReadAsync(LogFiles.Checkpoint, null, cancellation);
        return Checkpoint.TryOpen(note.Span, key, out var checkpoint)
            ? checkpoint
            : throw new LedgerFaultException(new LedgerFault(LedgerFaultKind.Checkpoint, LogFiles.Checkpoint, null,
                $"the checkpoint is not a checkpoint of '{key.Name}' signed by the key {key}"));
    }
}
