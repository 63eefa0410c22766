using System.Security.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>Sealed bytes: version (1) ‖ key id (16) ‖ commitment to the key (32) ‖ nonce (12) ‖ ciphertext ‖ tag (16). AES-256-GCM, because
/// processors have it; it does not commit to its key, so the envelope does, and opens one way only. Nonces are random: a data key seals
/// one subject's records of one class, far fewer than the 2^32 at which random nonces become a risk.</summary>
internal static class Envelope
{
    private const byte FormatVersion = 1;
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int HeaderLength = 1 + DataKey.IdLength + DataKey.CommitmentLength;
    private const int Overhead = HeaderLength + NonceLength + TagLength;

    public static byte[] Seal(DataKey key, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData)
    {
        var envelope = new byte[Overhead + plaintext.Length];
        var span = envelope.AsSpan();
        span[0] = FormatVersion;
        key.IdBytes.CopyTo(span[1..]);
        key.Commitment.CopyTo(span[(1 + DataKey.IdLength)..]);
        var nonce = span.Slice(HeaderLength, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(key.Secret, TagLength);
        aes.Encrypt(nonce, plaintext, span.Slice(HeaderLength + NonceLength, plaintext.Length), span[^TagLength..], Bind(envelope, associatedData));
        return envelope;
    }

    /// <summary>The id of the key that an envelope names; null when it is no envelope.</summary>
    public static string? KeyId(ReadOnlySpan<byte> envelope) => envelope.Length >= Overhead && envelope[0] == FormatVersion
        ? Convert.ToHexStringLower(envelope.Slice(1, DataKey.IdLength))
        : null;

    /// <summary>Null: altered.</summary>
    public static byte[]? Open(DataKey key, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> associatedData)
    {
        if (!CryptographicOperations.FixedTimeEquals(envelope.Slice(1 + DataKey.IdLength, DataKey.CommitmentLength), key.Commitment))
        {
            return null;
        }

        var plaintext = new byte[envelope.Length - Overhead];
        using var aes = new AesGcm(key.Secret, TagLength);
        try
        {
            var nonce = envelope.Slice(HeaderLength, NonceLength);
            aes.Decrypt(nonce, envelope[(HeaderLength + NonceLength)..^TagLength], envelope[^TagLength..], plaintext, Bind(envelope, associatedData));
            return plaintext;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>Version, key and commitment are authenticated with the caller's data.</summary>
    private static byte[] Bind(ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> associatedData) =>
        [.. envelope[..HeaderLength], .. associatedData];
}
