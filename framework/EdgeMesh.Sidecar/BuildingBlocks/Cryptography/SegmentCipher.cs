using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeMesh.Sidecar.BuildingBlocks.Cryptography;

/// <summary>Encrypts and decrypts a document's segments one by one: each has its number and whether it is the last in its nonce, so that
/// none can be swapped, doubled or left out.</summary>
internal sealed class SegmentCipher : IDisposable
{
    /// <summary>Bytes of content in each segment but the last.</summary>
    public const int Size = 64 * 1024;
    public const int TagSize = 16;

    private const int KeySize = 32;
    private const int NonceSize = 12;

    private readonly AesGcm? _gcm;
    private readonly ChaCha20Poly1305? _chacha;
    private readonly byte[] _nonce = new byte[NonceSize];
    private long _number;

    public SegmentCipher(Cipher cipher, byte[] fileKey, byte[] noncePrefix)
    {
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, KeySize, noncePrefix, "payload"u8.ToArray());
        noncePrefix.CopyTo(_nonce, 0);
        if (cipher == Cipher.AesGcm)
        {
            _gcm = new AesGcm(key, TagSize);
        }
        else
        {
            _chacha = new ChaCha20Poly1305(key);
        }
    }

    /// <summary>The next segment's number.</summary>
    public long Number => _number;

    public byte[] Encrypt(ReadOnlySpan<byte> plain, bool isLast)
    {
        var sealedBytes = new byte[plain.Length + TagSize];
        var content = sealedBytes.AsSpan(0, plain.Length);
        var tag = sealedBytes.AsSpan(plain.Length);
        Advance(isLast);
        _gcm?.Encrypt(_nonce, plain, content, tag);
        _chacha?.Encrypt(_nonce, plain, content, tag);
        return sealedBytes;
    }

    /// <exception cref="CryptographicException">It was changed, or it is not the segment that should be here.</exception>
    public byte[] Decrypt(ReadOnlySpan<byte> sealedBytes, bool isLast)
    {
        var number = _number;
        try
        {
            var plain = new byte[sealedBytes.Length < TagSize ? throw new CryptographicException() : sealedBytes.Length - TagSize];
            Advance(isLast);
            _gcm?.Decrypt(_nonce, sealedBytes[..plain.Length], sealedBytes[plain.Length..], plain);
            _chacha?.Decrypt(_nonce, sealedBytes[..plain.Length], sealedBytes[plain.Length..], plain);
            return plain;
        }
        catch (CryptographicException error)
        {
            throw new CryptographicException($"error processing segment {number}: failed to decrypt segment", error);
        }
    }

    private void Advance(bool isLast)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_nonce.AsSpan(Manifest.NoncePrefixSize), checked((uint)_number++));
        _nonce[^1] = isLast ? (byte)1 : (byte)0;
    }

    public void Dispose()
    {
        _gcm?.Dispose();
        _chacha?.Dispose();
    }
}
