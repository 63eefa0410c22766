namespace EdgeMesh.Ledger;

/// <summary>What a site's witness keeps of another site's ledger, as JSON.</summary>
/// <param name="Checkpoint">The signed note that it cosigned last.</param>
/// <param name="Other">Another one of the same size that the log signed, too; null: none was seen.</param>
public sealed record WitnessedNotes(string Checkpoint, string? Other);
