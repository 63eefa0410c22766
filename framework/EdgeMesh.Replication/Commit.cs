using System.Collections.Immutable;

namespace EdgeMesh.Replication;

/// <summary>What a service asks its journal to write, all or nothing.</summary>
public sealed record Commit
{
    /// <summary>The documents to change. At most 5,000.</summary>
    public ImmutableArray<Change> Changes { get; init; } = [];

    /// <summary>Events for the audit, opaque here (the owner seals them).</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> Events { get; init; } = [];

    /// <summary>A second commit with the same key answers what the first one answered. Null: none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Checked by the writer at the commit's place in the order; null: none.</summary>
    public Precondition? Precondition { get; init; }

    /// <summary>Handed unread to <see cref="ISharePolicy"/>, which plans the sharing of this commit.</summary>
    public object? SharingContext { get; init; }
}

/// <summary>One document's next version.</summary>
/// <param name="Key">Which document; a commit changes each at most once.</param>
/// <param name="Base">The <see cref="Document.Frontier"/> it was based on; null to create. A different current version makes the commit stale.</param>
/// <param name="Body">The sealed body; empty for a tombstone.</param>
public sealed record Change(DocumentKey Key, VersionVector? Base, ReadOnlyMemory<byte> Body)
{
    /// <summary>Readable without the body's key; never personal.</summary>
    public ImmutableArray<string> Labels { get; init; } = [];

    /// <summary>Whether the new version is a tombstone.</summary>
    public bool Deleted { get; init; }
}

/// <summary>Decides under the writer, at the commit's place in the order, whether the commit may stand.</summary>
/// <returns>Empty when it may; else the documents that stand against it.</returns>
public delegate ValueTask<ImmutableArray<DocumentKey>> Precondition(CommitContext context, CancellationToken cancellation);

/// <summary>What stands before a commit, as its writer sees it.</summary>
/// <param name="Head">The journal's head that is about to be compared and set: a projection must have reached it before it answers.</param>
/// <param name="Earlier">Changes of earlier commits of the same batch, in order; they are not in any projection yet.</param>
public sealed record CommitContext(Position Head, IReadOnlyList<Change> Earlier)
{
    /// <summary>Where the commit's first record will stand if the batch does: change number i gets the version at this position plus i.</summary>
    public Position NextRecord { get; init; }
}

/// <summary>How a commit ended. Expected outcomes only; a store that does not answer is a <see cref="JournalUnavailableException"/>.</summary>
public abstract record CommitResult
{
    private CommitResult() { }

    /// <summary>Durable. <paramref name="Documents"/> has the new versions in the order of the changes.</summary>
    /// <param name="At">The position of the commit's last record.</param>
    /// <param name="Documents">The new versions.</param>
    /// <param name="Repeated">Whether an earlier commit with the same idempotency key answered.</param>
    public sealed record Committed(Position At, ImmutableArray<Document> Documents, bool Repeated) : CommitResult;

    /// <summary>A change's base is not the current version. Nothing was written.</summary>
    /// <param name="Key">Which document.</param>
    /// <param name="Current">Its current version; null when it does not exist.</param>
    public sealed record Stale(DocumentKey Key, Document? Current) : CommitResult;

    /// <summary>The precondition named documents that stand against the commit. Nothing was written.</summary>
    /// <param name="Matches">Those documents.</param>
    public sealed record PreconditionFailed(ImmutableArray<DocumentKey> Matches) : CommitResult;

    /// <summary>The commit breaks a limit. Nothing was written.</summary>
    /// <param name="Code">A stable code, such as <c>commit-too-large</c>.</param>
    /// <param name="Detail">What was wrong and what to do.</param>
    public sealed record Refused(string Code, string Detail) : CommitResult;
}

/// <summary>The store behind a journal did not answer, so the outcome is unknown until it does.</summary>
public sealed class JournalUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
