namespace EdgeMesh.Keyring;

/// <summary>What a data key is for: one subject (a patient, or the site itself) and one class of sensitivity (a label that a consent
/// can except, or <c>N</c>). A withdrawal or relabel starts a new generation; erasure destroys all of a subject's.</summary>
/// <param name="Subject">Such as <c>Patient/clinic-a-x1</c>; never stored in the clear.</param>
/// <param name="Class">Such as <c>N</c> or <c>PSY</c>.</param>
public readonly record struct KeyScope(string Subject, string Class);

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

/// <summary>Data keys per subject and class, wrapped by the site's key.</summary>
public sealed class Keyring
{
    /// <summary>Seals under the current generation of the scope's data key, and makes that key if there is none (durable before this returns).
    /// The envelope names the key and commits to it, so it opens one way only.</summary>
    public ValueTask<ReadOnlyMemory<byte>> SealAsync(KeyScope scope, ReadOnlyMemory<byte> plaintext, ReadOnlyMemory<byte> associatedData, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Opens an envelope with whatever key it names.</summary>
    public ValueTask<OpenResult> OpenAsync(ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> associatedData, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Wraps the data key that an envelope names for another site's public key (X25519), committed to the key's id.</summary>
    public ValueTask<ReadOnlyMemory<byte>> WrapForAsync(ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> recipientPublicKey, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Takes a data key that another site wrapped for this one. False: not for this site's key, or altered.</summary>
    public ValueTask<bool> ImportAsync(ReadOnlyMemory<byte> wrappedKey, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Starts a new generation of the scope's key, for what is written from now on.</summary>
    public ValueTask RotateAsync(KeyScope scope, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Forgets the data key that an envelope names: a withdrawn copy can't be opened any more.</summary>
    public ValueTask ForgetAsync(ReadOnlyMemory<byte> envelope, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Destroys every key of a subject; what was sealed under them is gone for good.</summary>
    public ValueTask EraseAsync(string subject, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>A keyed pseudonym, stable at this site: 32 lower-case hex digits.</summary>
    public string Pseudonym(string domain, string value) => throw new NotImplementedException();
}
