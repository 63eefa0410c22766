using System.Security.Cryptography;
using NSec.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>Wraps a data key for another site: version (1) ‖ ephemeral X25519 public key (32) ‖ key id (16) ‖ AES-256-GCM of the key (32 + 16).
/// The wrapping key comes from HKDF-SHA256 over the shared secret, bound to both public keys and the key id; each is used once, so the nonce is zero.</summary>
internal static class KeyExchange
{
    private const byte FormatVersion = 1;
    private const int PublicKey = 32;
    private const int Secret = 32;
    private const int Tag = 16;
    private const int Length = 1 + PublicKey + Envelope.KeyIdLength + Secret + Tag;

    public static byte[] Wrap(DataKey key, ReadOnlySpan<byte> recipient)
    {
        using var ephemeral = Key.Create(KeyAgreementAlgorithm.X25519);
        var sender = ephemeral.PublicKey.Export(KeyBlobFormat.RawPublicKey);
        var wrapped = new byte[Length];
        wrapped[0] = FormatVersion;
        sender.CopyTo(wrapped, 1);
        key.Id.CopyTo(wrapped, 1 + PublicKey);
        var wrapping = Derive(ephemeral, recipient, sender, recipient, key.Id) ?? throw new ArgumentException("The recipient's public key is no X25519 key.", nameof(recipient));
        using var aes = new AesGcm(wrapping, Tag);
        var body = wrapped.AsSpan(1 + PublicKey + Envelope.KeyIdLength);
        aes.Encrypt(new byte[12], key.Secret, body[..Secret], body[Secret..]);
        return wrapped;
    }

    /// <summary>Null when it was wrapped for somebody else, or altered.</summary>
    public static DataKey? Unwrap(ReadOnlySpan<byte> wrapped, Key exchange)
    {
        if (wrapped.Length != Length || wrapped[0] != FormatVersion)
        {
            return null;
        }

        var sender = wrapped.Slice(1, PublicKey).ToArray();
        var id = wrapped.Slice(1 + PublicKey, Envelope.KeyIdLength).ToArray();
        var own = exchange.PublicKey.Export(KeyBlobFormat.RawPublicKey);
        if (Derive(exchange, sender, sender, own, id) is not { } wrapping)
        {
            return null;
        }

        var body = wrapped[(1 + PublicKey + Envelope.KeyIdLength)..];
        var secret = new byte[Secret];
        using var aes = new AesGcm(wrapping, Tag);
        try
        {
            aes.Decrypt(new byte[12], body[..Secret], body[Secret..], secret);
            return new DataKey(id, secret);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[]? Derive(Key own, ReadOnlySpan<byte> other, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> id)
    {
        if (!NSec.Cryptography.PublicKey.TryImport(KeyAgreementAlgorithm.X25519, other, KeyBlobFormat.RawPublicKey, out var publicKey))
        {
            return null;
        }

        using var shared = KeyAgreementAlgorithm.X25519.Agree(own, publicKey!);
        return shared is null
            ? null
            : KeyDerivationAlgorithm.HkdfSha256.DeriveBytes(shared, [], [.. "edgemesh key exchange v1"u8, .. sender, .. recipient, .. id], 32);
    }
}
