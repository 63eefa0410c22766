using EdgeMesh.Ledger.Sequencing;

namespace EdgeMesh.Ledger;

/// <summary>What may be served: a checkpoint, and the right edge of the tree that it signs.</summary>
internal sealed record PublishedLog(ReadOnlyMemory<byte> Note, RightEdge Edge);
