using EdgeMesh.Ledger.Reading;

namespace EdgeMesh.Ledger.Verification;

/// <summary>Checks that a log begins with the checkpoint that other sites cosigned: a log that was rewritten, with its own key, does not.</summary>
internal static class CosignatureCheck
{
    /// <summary>Reads it before the log's checkpoint is read, which is never older.</summary>
    /// <returns>Null: none of these witnesses signed one.</returns>
    public static async Task<(Checkpoint Checkpoint, WitnessedCheckpoint Witnessed)?> OpenAsync(
        ILogSource source, VerifierKey log, IReadOnlyCollection<VerifierKey> witnesses, CancellationToken cancellation)
    {
        if (witnesses.Count == 0 || await ReadAsync(source, cancellation) is not { } body
            || !Checkpoint.TryOpen(body.Span, log, out var checkpoint) || !SignedNote.TryParse(body.Span, out var note))
        {
            return null;
        }

        var signed = note.Signatures.SelectMany(line => witnesses.Select(key => (key.Name, Time: Cosignature.Verify(key, note.Text, line))))
            .Where(s => s.Time is not null).Select(s => new WitnessSignature(s.Name, s.Time!.Value)).DistinctBy(s => s.Name).OrderBy(s => s.Name, StringComparer.Ordinal).ToArray();
        return signed.Length == 0 ? null : (checkpoint, new WitnessedCheckpoint(checkpoint.Size, [.. signed]));
    }

    /// <summary>Compares it with the log, whose tiles were verified.</summary>
    /// <exception cref="LedgerFaultException">The log is not what was cosigned, grown.</exception>
    public static async Task VerifyAsync(ILogSource source, Checkpoint log, Checkpoint cosigned, WitnessedCheckpoint witnessed, CancellationToken cancellation)
    {
        var root = cosigned.Size > log.Size ? (LogHash?)null
            : cosigned.Size == 0 ? TreeHash.Empty
            : await new TreeReader(source, log.Size).RangeAsync(0, cosigned.Size, cancellation);
        if (root != cosigned.Root)
        {
            throw new LedgerFaultException(new LedgerFault(LedgerFaultKind.Rewritten, LogFiles.Cosigned, null,
                $"the log of {log.Size} entries does not begin with the {cosigned.Size} that {string.Join(", ", witnessed.Witnesses.Select(w => w.Name))} cosigned: it was rewritten, or this is an old copy"));
        }
    }

    // A log of somebody else's software has none.
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(ILogSource source, CancellationToken cancellation)
    {
        try
        {
            return await source.ReadAsync(LogFiles.Cosigned, cancellation);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
