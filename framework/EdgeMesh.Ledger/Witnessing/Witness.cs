using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger;

/// <summary>Cosigns the checkpoints of logs that it knows (C2SP tlog-witness), each only as the growth of the one before. What it cosigned
/// is kept before it answers, so that no crash makes it cosign two histories. A log that signed two checkpoints of one size is never
/// cosigned again, and both are kept: they prove it to anybody.</summary>
/// <param name="key">Signs as a witness, and as nothing else.</param>
/// <param name="logs">The keys of the logs.</param>
/// <param name="store">Where it keeps what it cosigned: a row a log, compared and set.</param>
/// <param name="clock">The time in cosignatures.</param>
public sealed class Witness(LedgerKey key, IEnumerable<VerifierKey> logs, ILedgerStore store, TimeProvider clock)
{
    // Somebody else who moves the row each time is no accident.
    private const int MostRaces = 3;

    private readonly Dictionary<string, VerifierKey> _logs = logs.ToDictionary(l => l.Name, StringComparer.Ordinal);

    /// <summary>Answers a log's request.</summary>
    /// <exception cref="Exception">The store's: whether the cosignature was kept is not known, and it is not given. Ask again.</exception>
    public async Task<WitnessAnswer> AddAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        if (!AddCheckpoint.TryParse(body.Span, out var request) || !Checkpoint.TryParse(request.Note.Text, out var checkpoint))
        {
            return new(WitnessOutcome.Malformed);
        }

        if (!_logs.TryGetValue(checkpoint.Origin, out var log))
        {
            return new(WitnessOutcome.UnknownLog);
        }

        if (!request.Note.IsSignedBy(log))
        {
            return new(WitnessOutcome.NotSigned);
        }

        if (request.OldSize > checkpoint.Size)
        {
            return new(WitnessOutcome.Malformed);
        }

        // Lines of others cost space and prove nothing here.
        var note = request.Note with { Signatures = [.. request.Note.Signatures.Where(log.Signed)] };
        for (var races = 0; ; races++)
        {
            var answer = await TryAddAsync(request with { Note = note }, checkpoint, cancellation);
            if (answer is not null || races == MostRaces)
            {
                return answer ?? new(WitnessOutcome.OtherSize, await ReadAsync(checkpoint.Origin, cancellation));
            }
        }
    }

    /// <summary>What it keeps of a log; null: it never cosigned it.</summary>
    public async Task<WitnessedLog?> ReadAsync(string origin, CancellationToken cancellation)
    {
        var rowKey = LedgerKeys.Witnessed(origin);
        return await store.ReadAsync(rowKey, cancellation) is { } row ? WitnessedLog.FromBytes(rowKey, row.Value) : null;
    }

    /// <returns>Null: somebody else moved the row meanwhile.</returns>
    private async Task<WitnessAnswer?> TryAddAsync(AddCheckpoint request, Checkpoint checkpoint, CancellationToken cancellation)
    {
        var rowKey = LedgerKeys.Witnessed(checkpoint.Origin);
        var row = await store.ReadAsync(rowKey, cancellation);
        var known = row is { } found ? WitnessedLog.FromBytes(rowKey, found.Value) : null;
        if (known?.Other is not null)
        {
            return new(WitnessOutcome.NotItsGrowth, known);
        }

        // Whatever old size it claims: two roots of one size are the proof.
        if (known is not null && known.Checkpoint.Size == checkpoint.Size && known.Checkpoint.Root != checkpoint.Root)
        {
            var split = known with { Other = request.Note };
            return await store.WriteAsync(rowKey, split.ToBytes(), row?.ETag, cancellation) ? new(WitnessOutcome.NotItsGrowth, split, IsSplitView: true) : null;
        }

        if (request.OldSize != (known?.Checkpoint.Size ?? 0))
        {
            return new(WitnessOutcome.OtherSize, known);
        }

        if (!IsGrowth(known?.Checkpoint, checkpoint, request.Proof))
        {
            return new(WitnessOutcome.NotItsGrowth, known);
        }

        var cosignature = Cosignature.Sign(key, request.Note.Text, clock.GetUtcNow());
        var next = new WitnessedLog(request.Note with { Signatures = request.Note.Signatures.Add(cosignature) }, null);
        return await store.WriteAsync(rowKey, next.ToBytes(), row?.ETag, cancellation) ? new(WitnessOutcome.Cosigned, next, cosignature) : null;
    }

    private static bool IsGrowth(Checkpoint? known, Checkpoint next, IReadOnlyList<LogHash> proof) =>
        known is null or { Size: 0 }
            ? proof.Count == 0 && (next.Size > 0 || next.Root == TreeHash.Empty)
            : ConsistencyProof.Verify(known.Size, known.Root, next.Size, next.Root, proof);
}
