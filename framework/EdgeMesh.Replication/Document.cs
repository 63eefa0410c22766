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
}
