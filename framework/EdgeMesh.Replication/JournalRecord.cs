using System.Collections.Immutable;
using System.Diagnostics;

namespace EdgeMesh.Replication;

/// <summary>What a record of a journal is about.</summary>
public enum RecordKind
{
    /// <summary>A document's new version that originated here.</summary>
    Changed,

    /// <summary>A foreign version that was applied here.</summary>
    Applied,

    /// <summary>An event for the audit.</summary>
    Event,

    /// <summary>What a peer may hold changed.</summary>
    Shared,

    /// <summary>A foreign document was withdrawn by its owner, and deleted here.</summary>
    Withdrawn,
}

/// <summary>One record of a journal.</summary>
public sealed record JournalRecord
{
    /// <summary>Where it stands.</summary>
    public required Position At { get; init; }

    /// <summary>When it was recorded, by this site's clock. For people; never for ordering.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>What it is about; which of the properties below is set follows from it.</summary>
    public required RecordKind Kind { get; init; }

    /// <summary>The recorded trace in which it was made, also where that was at another site: a span that a follower starts for this record has it as
    /// its parent (W3C trace context). Default: there is none.</summary>
    public ActivityContext Trace { get; init; }

    /// <summary><see cref="RecordKind.Changed"/> and <see cref="RecordKind.Applied"/>: the version.</summary>
    public Document? Document { get; init; }

    /// <summary><see cref="RecordKind.Changed"/>: who may hold it.</summary>
    public ImmutableArray<Holder> Holders { get; init; } = [];

    /// <summary><see cref="RecordKind.Applied"/>: the body's data key as the owner wrapped it for this site.</summary>
    public ReadOnlyMemory<byte> WrappedKey { get; init; }

    /// <summary><see cref="RecordKind.Event"/>: the owner's opaque bytes.</summary>
    public ReadOnlyMemory<byte> Event { get; init; }

    /// <summary><see cref="RecordKind.Shared"/>: the change.</summary>
    public ShareChange? Share { get; init; }

    /// <summary><see cref="RecordKind.Withdrawn"/>: the document.</summary>
    public DocumentKey? WithdrawnKey { get; init; }
}

/// <summary>A stretch of a journal.</summary>
/// <param name="Records">In order; never splits a batch when the caller's limit allows it.</param>
/// <param name="Next">Where to go on from: after the last record.</param>
/// <param name="UpToHead">Whether nothing more was there when it was read.</param>
public sealed record JournalPage(ImmutableArray<JournalRecord> Records, Position Next, bool UpToHead);

/// <summary>Derives something from a journal: an index, an audit, a replica. It can be stopped, replayed or rebuilt.</summary>
public interface IFollower
{
    /// <summary>Unique among the followers of the journal.</summary>
    string Name { get; }

    /// <summary>Whether it reads the bodies of a collection's documents; those of others come empty.</summary>
    bool Reads(string collection) => true;

    /// <summary>Where its output stands. <see cref="Position.Start"/> makes it start anew.</summary>
    ValueTask<Position> GetPositionAsync(CancellationToken cancellation);

    /// <summary>Takes a stretch, and stores <see cref="JournalPage.Next"/> with its output where it can (so a crash repeats
    /// nothing), or after it where it can't (so a crash repeats the stretch: be idempotent).</summary>
    ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation);

    /// <summary>Drops all output; the position is <see cref="Position.Start"/> afterwards.</summary>
    /// <exception cref="NotSupportedException">It can't.</exception>
    ValueTask ResetAsync(CancellationToken cancellation) => throw new NotSupportedException($"The follower '{Name}' can't drop its output.");
}
