using EdgeMesh.Ledger.Tree;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>The log as its sequencer knows it. Never changes; a commit makes another.</summary>
/// <param name="Head">The head as it was written.</param>
/// <param name="ETag">Its version in the store.</param>
/// <param name="Edge">The right edge at the head's size.</param>
/// <param name="Tree">The tree at the head's size, kept on another way than <paramref name="Edge"/>.</param>
internal sealed record LogState(Head Head, string ETag, RightEdge Edge, CompactTree Tree);
