namespace EdgeMesh.Ledger.Sequencing;

/// <summary>A body that a batch writes.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Immutable">Whether it never changes: written twice, it must be the same.</param>
/// <param name="Value">Its bytes.</param>
internal sealed record StagedRow(string Key, bool Immutable, ReadOnlyMemory<byte> Value);
