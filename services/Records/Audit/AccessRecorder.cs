using System.Collections.Immutable;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Seals audit events, and journals those that no commit carries.</summary>
internal sealed class AccessRecorder(AuditSealer sealer, Journal access)
{
    /// <summary>The event as the bytes that a journal holds.</summary>
    public ValueTask<ImmutableArray<ReadOnlyMemory<byte>>> SealAsync(AccessEvent accessEvent, CancellationToken cancellation) =>
        sealer.SealAsync(accessEvent, cancellation);

    /// <summary>Journals an event; returns the position of its first entry once all are durable. The last one's would tell the caller how
    /// many there are, those of what was hidden included.</summary>
    /// <exception cref="JournalUnavailableException">It could not be written: nothing may be answered.</exception>
    public async ValueTask<Position> RecordAsync(AccessEvent accessEvent, CancellationToken cancellation)
    {
        var entries = await SealAsync(accessEvent, cancellation);
        return await access.CommitAsync(new Commit { Events = entries }, cancellation) is CommitResult.Committed committed
            ? First(committed, entries.Length)
            : throw new JournalUnavailableException("The access journal takes no event now; ask again in a second.");
    }

    /// <summary>Where the first of a commit's entries stands. What an earlier commit answered keeps its last: any one finds the others.</summary>
    public static Position First(CommitResult.Committed committed, int entries) =>
        committed.Repeated ? committed.At : committed.At with { Index = committed.At.Index - (entries - 1) };
}
