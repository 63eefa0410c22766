using System.Collections.Immutable;

namespace EdgeMesh.Replication;

/// <summary>One version of a document as a reader sees it.</summary>
public sealed record Document
{
    /// <summary>Which document.</summary>
    public required DocumentKey Key { get; init; }

    /// <summary>Which version.</summary>
    public required VersionId Version { get; init; }

    /// <summary>What this version descends from.</summary>
    public required VersionVector Vector { get; init; }

    /// <summary>When the originating commit was recorded, by the originating site's clock. For people; never for ordering.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    /// <summary>The bytes the owner wrote (sealed by the owner). Empty for a tombstone.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>What the owner wrote beside the body, readable without its key. Never personal.</summary>
    public ImmutableArray<string> Labels { get; init; } = [];

    /// <summary>Whether this version is a tombstone.</summary>
    public bool Deleted { get; init; }

    /// <summary>The site that owns the document and decides who may hold it.</summary>
    public required string OwnerSite { get; init; }

    /// <summary>For a copy: the consent's version under which it is held here. Null at the owner.</summary>
    public string? HeldUnder { get; init; }

    /// <summary>Versions that are concurrent with this one, until somebody merges. Empty for most.</summary>
    public ImmutableArray<Document> Siblings { get; init; } = [];

    /// <summary>At the owner: the peers that may hold the document now. Filled for what is read as current, not for a version of a history.</summary>
    public ImmutableArray<DocumentShare> Shares { get; init; } = [];

    /// <summary>Whether the body that belongs to this version is not here any more: withdrawn by its owner, or lost (an alert).</summary>
    public bool BodyMissing { get; init; }

    /// <summary>What a change must name as its base: this version's vector; while siblings stand, that of all of them together, because
    /// the change then merges them.</summary>
    public VersionVector Frontier => Siblings.Aggregate(Vector, (all, sibling) => all.Merge(sibling.Vector));
}

/// <summary>A peer that may hold a document.</summary>
/// <param name="Peer">The peer's site name.</param>
/// <param name="ConsentVersion">The version of the consent that allows it.</param>
public sealed record DocumentShare(string Peer, string ConsentVersion);
