using System.Collections.Immutable;

namespace EdgeMesh.Replication;

/// <summary>Decides which peers may hold what a commit writes. Called by the writer at the commit's place in the order, so a
/// consent that was committed before is always seen.</summary>
public interface ISharePolicy
{
    /// <summary>Plans the sharing of <paramref name="commit"/>.</summary>
    ValueTask<SharePlan> PlanAsync(Commit commit, CommitContext context, CancellationToken cancellation);
}

/// <summary>The policy of an owner that shares nothing.</summary>
public sealed class ShareNothing : ISharePolicy
{
    /// <inheritdoc/>
    public ValueTask<SharePlan> PlanAsync(Commit commit, CommitContext context, CancellationToken cancellation) =>
        ValueTask.FromResult(SharePlan.None);
}

/// <summary>Who may hold a commit's documents, and what peers gain or lose by it.</summary>
/// <param name="Holders">For each change of the commit, in order, the peers that may hold it; empty: nobody.</param>
/// <param name="Changes">Grants and withdrawals that take effect at this commit.</param>
public sealed record SharePlan(ImmutableArray<ImmutableArray<Holder>> Holders, ImmutableArray<ShareChange> Changes)
{
    /// <summary>Nobody gains, nobody loses.</summary>
    public static readonly SharePlan None = new([], []);
}

/// <summary>A peer that may hold a document.</summary>
/// <param name="Peer">The peer's site name.</param>
/// <param name="ConsentVersion">The version of the consent that allows it.</param>
/// <param name="WrappedKey">The body's data key wrapped for the peer's public key, opaque here.</param>
public sealed record Holder(string Peer, string ConsentVersion, ReadOnlyMemory<byte> WrappedKey);

/// <summary>What one peer may hold changes: readable by a mirror, and decided by the owner alone.</summary>
public sealed record ShareChange
{
    /// <summary>The peer's site name.</summary>
    public required string Peer { get; init; }

    /// <summary>The version of the consent behind it.</summary>
    public required string ConsentVersion { get; init; }

    /// <summary>Documents that the peer may hold from now on: their current versions are sent.</summary>
    public ImmutableArray<SharedDocument> Granted { get; init; } = [];

    /// <summary>Documents that the peer must delete, with index rows. The data keys stay with it: one key seals a class of a subject, of which
    /// it may hold other documents still. What is written afterwards is sealed under a new one that it does not get.</summary>
    public ImmutableArray<DocumentKey> Withdrawn { get; init; } = [];
}

/// <summary>One document of a grant.</summary>
/// <param name="Key">Which document.</param>
/// <param name="Version">Its version when the grant was made; null lets the journal fill in the current one, also of the same batch.</param>
/// <param name="WrappedKey">The body's data key wrapped for the peer's public key, opaque here.</param>
public sealed record SharedDocument(DocumentKey Key, VersionId? Version, ReadOnlyMemory<byte> WrappedKey);
