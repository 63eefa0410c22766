namespace EdgeMesh.Keyring;

/// <summary>Sealed bytes, opened.</summary>
/// <param name="Plaintext">The bytes; default when <paramref name="Failure"/> says why not.</param>
/// <param name="Failure">Null when opened.</param>
public readonly record struct OpenResult(ReadOnlyMemory<byte> Plaintext, OpenFailure? Failure);

/// <summary>Why sealed bytes do not open.</summary>
public enum OpenFailure
{
    /// <summary>The data key is not here: it was never shared with this site, or was withdrawn.</summary>
    UnknownKey,

    /// <summary>The data key was destroyed on purpose.</summary>
    Erased,

    /// <summary>The bytes or their associated data were altered.</summary>
    Tampered,
}
