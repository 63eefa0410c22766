using System.Buffers.Binary;
using System.Security.Cryptography;
using EdgeMesh.Sidecar.Components.CryptoLocalStorage;

namespace EdgeMesh.Sidecar.BuildingBlocks.Cryptography;

/// <summary>Wraps a file's key with a key of the component: AES key wrap (RFC 3394) with 256 bits, or RSA-OAEP with SHA-256.</summary>
internal static class KeyWrap
{
    private const ulong IntegrityValue = 0xA6A6A6A6A6A6A6A6;
    private const int Rounds = 6;
    private const int Half = 8;

    /// <exception cref="CryptographicException">The key is of another kind, or the algorithm is not supported.</exception>
    public static byte[] Wrap(KeyWrapAlgorithm algorithm, LocalKey key, byte[] fileKey) => algorithm switch
    {
        KeyWrapAlgorithm.A256KW => WrapAes(Symmetric(key), fileKey),
        KeyWrapAlgorithm.RsaOaep256 => (key.Rsa ?? throw Mismatch()).Encrypt(fileKey, RSAEncryptionPadding.OaepSHA256),
        _ => throw Unsupported(),
    };

    /// <exception cref="CryptographicException">The key does not open it.</exception>
    public static byte[] Unwrap(KeyWrapAlgorithm algorithm, LocalKey key, byte[] wrapped) => algorithm switch
    {
        KeyWrapAlgorithm.A256KW => UnwrapAes(Symmetric(key), wrapped),
        KeyWrapAlgorithm.RsaOaep256 => (key.Rsa ?? throw Mismatch()).Decrypt(wrapped, RSAEncryptionPadding.OaepSHA256),
        _ => throw Unsupported(),
    };

    private static byte[] Symmetric(LocalKey key) => key.Symmetric is { Length: 32 } bytes ? bytes : throw Mismatch();

    private static CryptographicException Mismatch() => new("key type mismatch");

    private static CryptographicException Unsupported() => new("unsupported algorithm");

    public static byte[] WrapAes(byte[] key, ReadOnlySpan<byte> plain)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        var count = plain.Length / Half;
        var result = new byte[Half + plain.Length];
        plain.CopyTo(result.AsSpan(Half));
        Span<byte> block = stackalloc byte[2 * Half];
        var integrity = IntegrityValue;
        for (var step = 1; step <= Rounds * count; step++)
        {
            var half = result.AsSpan(Half * (((step - 1) % count) + 1), Half);
            BinaryPrimitives.WriteUInt64BigEndian(block, integrity);
            half.CopyTo(block[Half..]);
            aes.EncryptEcb(block, block, PaddingMode.None);
            integrity = BinaryPrimitives.ReadUInt64BigEndian(block) ^ (ulong)step;
            block[Half..].CopyTo(half);
        }

        BinaryPrimitives.WriteUInt64BigEndian(result, integrity);
        return result;
    }

    public static byte[] UnwrapAes(byte[] key, ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length < 3 * Half || wrapped.Length % Half != 0)
        {
            throw new CryptographicException("the wrapped key has no possible length");
        }

        using var aes = Aes.Create();
        aes.Key = key;
        var count = (wrapped.Length / Half) - 1;
        var result = wrapped[Half..].ToArray();
        Span<byte> block = stackalloc byte[2 * Half];
        var integrity = BinaryPrimitives.ReadUInt64BigEndian(wrapped);
        for (var step = Rounds * count; step >= 1; step--)
        {
            var half = result.AsSpan(Half * ((step - 1) % count), Half);
            BinaryPrimitives.WriteUInt64BigEndian(block, integrity ^ (ulong)step);
            half.CopyTo(block[Half..]);
            aes.DecryptEcb(block, block, PaddingMode.None);
            integrity = BinaryPrimitives.ReadUInt64BigEndian(block);
            block[Half..].CopyTo(half);
        }

        return integrity == IntegrityValue ? result : throw new CryptographicException("the key does not open it");
    }
}

/// <summary>As documents name them by number.</summary>
internal enum KeyWrapAlgorithm
{
    A256KW = 1,
    A128CbcNoPad = 2,
    A192CbcNoPad = 3,
    A256CbcNoPad = 4,
    RsaOaep256 = 5,
}
