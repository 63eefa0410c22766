using EdgeMesh.Services.Records.Indexing;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>Whether a document can be read.</summary>
internal enum RowState
{
    Live = 0,

    /// <summary>A tombstone; the facts are the last version's, so a decision can still be made.</summary>
    Deleted = 1,

    /// <summary>A copy that its owner withdrew: as if it had never been here.</summary>
    Withdrawn = 2,
}

/// <summary>A row of the projection.</summary>
/// <param name="Number">In order of first appearance in the journal; the same after a rebuild, so pages can be cut by it.</param>
/// <param name="Entry">What the index keeps.</param>
/// <param name="Version">The version it was made from.</param>
/// <param name="Updated">When that was recorded, in UTC ticks.</param>
/// <param name="OwnerSite">The site that owns the document.</param>
/// <param name="State">Whether it can be read.</param>
/// <param name="HeldUnder">For a copy: the terms under which its owner lets it be held; null at the owner.</param>
internal sealed record IndexedResource(long Number, IndexEntry Entry, string Version, long Updated, string OwnerSite, RowState State, string? HeldUnder = null);
