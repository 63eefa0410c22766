namespace EdgeMesh.Ledger;

/// <summary>The algorithm of a signature on a note, as its key's id binds it.</summary>
public enum SignatureType : byte
{
    /// <summary>Ed25519 over the note's text: a log signs its checkpoints.</summary>
    Ed25519 = 0x01,

    /// <summary>Ed25519 over time and text: a witness cosigns them.</summary>
    CosignatureV1 = 0x04,
}
