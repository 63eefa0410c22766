using System.Security.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>Sealed bytes: version (1) ‖ key id (16) ‖ commitment to the key (16) ‖ nonce (12) ‖ ciphertext ‖ tag (16). AES-256-GCM, because
/// processors have it; it does not commit to its key, so the envelope does, and opens one way only. Nonces are random: a data key seals
/// one subject's records of one class, far fewer than the 2^32 at which random nonces become a risk.</summary>
internal static class Envelope
{
    public const int KeyIdLength = 16;

    private const byte FormatVersion = 1;
    private const int Commitment = 16;
    private const int Nonce = 12;
    private const int Tag = 16;
    private const int Header = 1 + KeyIdLength + Commitment;
    private const int Overhead = Header + Nonce + Tag;

    public static byte[] Seal(DataKey key, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData)
    {
        var envelope = new byte[Overhead + plaintext.Length];
        var span = envelope.AsSpan();
        span[0] = FormatVersion;
        key.Id.CopyTo(span[1..]);
        key.Commitment.CopyTo(span[(1 + KeyIdLength)..]);
        var nonce = span.Slice(Header, Nonce);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key.Secret, Tag);
        aes.Encrypt(nonce, plaintext, span.Slice(Header + Nonce, plaintext.Length), span[^Tag..], Bind(envelope, associatedData));
        return envelope;
    }

    /// <summary>The id of the key that an envelope names; empty when it is no envelope.</summary>
    public static ReadOnlySpan<byte> KeyId(ReadOnlySpan<byte> envelope) =>
        envelope.Length >= Overhead && envelope[0] == FormatVersion ? envelope.Slice(1, KeyIdLength) : [];

    public static byte[]? Open(DataKey key, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> associatedData)
    {
        if (!CryptographicOperations.FixedTimeEquals(envelope.Slice(1 + KeyIdLength, Commitment), key.Commitment))
        {
            return null;
        }

        var plaintext = new byte[envelope.Length - Overhead];
        using var aes = new AesGcm(key.Secret, Tag);
        try
        {
            aes.Decrypt(envelope.Slice(Header, Nonce), envelope[(Header + Nonce)..^Tag], envelope[^Tag..], plaintext, Bind(envelope, associatedData));
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>Version, key and commitment are authenticated with the caller's data.</summary>
    private static byte[] Bind(ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> associatedData)
    {
        var bound = new byte[Header + associatedData.Length];
        envelope[..Header].CopyTo(bound);
        associatedData.CopyTo(bound.AsSpan(Header));
        return bound;
    }
}

/// <summary>An unwrapped data key.</summary>
internal sealed class DataKey
{
    public DataKey(byte[] id, byte[] secret)
    {
        (Id, Secret) = (id, secret);
        Commitment = HMACSHA256.HashData(secret, (byte[])[.. "edgemesh data key v1"u8, .. id])[..16];
    }

    public byte[] Id { get; }

    public byte[] Secret { get; }

    /// <summary>Only this key with this id has it.</summary>
    public byte[] Commitment { get; }
}
