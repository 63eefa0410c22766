using System.Collections.Immutable;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Seals audit events, and journals those that no commit carries.</summary>
internal sealed class AccessRecorder(AuditSealer sealer, Journal access)
{
    /// <summary>The event as the bytes that a journal holds.</summary>
    public ValueTask<ImmutableArray<ReadOnlyMemory<byte>>> SealAsync(AccessEvent accessEvent, CancellationToken cancellation) =>
        sealer.SealAsync(accessEvent, cancellation);

    /// <summary>Journals an event; returns its position once it is durable.</summary>
    /// <exception cref="JournalUnavailableException">It could not be written: nothing may be answered.</exception>
    public async ValueTask<Position> RecordAsync(AccessEvent accessEvent, CancellationToken cancellation)
    {
        var result = await access.CommitAsync(new Commit { Events = await SealAsync(accessEvent, cancellation) }, cancellation);
        return result is CommitResult.Committed committed
            ? committed.At
            : throw new JournalUnavailableException("The access journal takes no event now; ask again in a second.");
    }
}
