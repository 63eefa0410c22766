using System.Security.Cryptography;
using NSec.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>Wraps a data key for another site: version (1) ‖ ephemeral X25519 public key (32) ‖ key id (16) ‖ AES-256-GCM of key and scope.
/// The wrapping key comes from HKDF-SHA256 over the shared secret, bound to both public keys and the key id; each is used once, so the
/// nonce is zero. The scope travels along, sealed: the recipient erases by subject too.</summary>
internal static class KeyExchange
{
    private const byte FormatVersion = 1;
    private const int PublicKeyLength = 32;
    private const int HeaderLength = 1 + PublicKeyLength + DataKey.IdLength;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    public static byte[] Wrap(DataKey key, ReadOnlySpan<byte> recipient)
    {
        using var ephemeral = Key.Create(KeyAgreementAlgorithm.X25519);
        var sender = ephemeral.PublicKey.Export(KeyBlobFormat.RawPublicKey);
        var wrapping = Derive(ephemeral, recipient, sender, recipient, key.IdBytes)
            ?? throw new ArgumentException("The recipient's public key is no X25519 key.", nameof(recipient));
        byte[] header = [FormatVersion, .. sender, .. key.IdBytes];
        var body = RowCodec.WriteKey(key);
        var wrapped = new byte[HeaderLength + body.Length + TagLength];
        header.CopyTo(wrapped, 0);
        using var aes = new AesGcm(wrapping, TagLength);
        aes.Encrypt(new byte[NonceLength], body, wrapped.AsSpan(HeaderLength, body.Length), wrapped.AsSpan(HeaderLength + body.Length), header);
        return wrapped;
    }

    /// <summary>Null when it was wrapped for somebody else, or altered.</summary>
    public static DataKey? Unwrap(ReadOnlySpan<byte> wrapped, Key exchange)
    {
        if (wrapped.Length < HeaderLength + TagLength || wrapped[0] != FormatVersion)
        {
            return null;
        }

        var sender = wrapped.Slice(1, PublicKeyLength);
        var id = wrapped.Slice(1 + PublicKeyLength, DataKey.IdLength).ToArray();
        if (Derive(exchange, sender, sender, exchange.PublicKey.Export(KeyBlobFormat.RawPublicKey), id) is not { } wrapping)
        {
            return null;
        }

        var body = new byte[wrapped.Length - HeaderLength - TagLength];
        using var aes = new AesGcm(wrapping, TagLength);
        try
        {
            aes.Decrypt(new byte[NonceLength], wrapped[HeaderLength..^TagLength], wrapped[^TagLength..], body, wrapped[..HeaderLength]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        return RowCodec.ReadKey(id, body);
    }

    private static byte[]? Derive(Key own, ReadOnlySpan<byte> other, ReadOnlySpan<byte> sender, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> id)
    {
        if (!PublicKey.TryImport(KeyAgreementAlgorithm.X25519, other, KeyBlobFormat.RawPublicKey, out var publicKey))
        {
            return null;
        }

        using var shared = KeyAgreementAlgorithm.X25519.Agree(own, publicKey!);
        return shared is null
            ? null
            : KeyDerivationAlgorithm.HkdfSha256.DeriveBytes(shared, [], [.. "edgemesh key exchange v1"u8, .. sender, .. recipient, .. id], 32);
    }
}
