using System.Security.Cryptography;
using EdgeMesh.Sidecar.Components.CryptoLocalStorage;

namespace EdgeMesh.Sidecar.BuildingBlocks.Cryptography;

/// <summary>What to encrypt with.</summary>
/// <param name="KeyName">The key that wraps the file's own.</param>
/// <param name="Wrap">How.</param>
/// <param name="Cipher">How the content is encrypted.</param>
/// <param name="WrittenKeyName">The key that the document names; null: none.</param>
internal sealed record EncryptionChoice(string KeyName, KeyWrapAlgorithm Wrap, Cipher Cipher, string? WrittenKeyName);

/// <summary>Dapr's encryption scheme <c>dapr.io/enc/v1</c>: a stream goes through in segments of 64 KiB, and of a document that was
/// changed nothing beyond the first changed segment comes out. Documents are the same on both engines.</summary>
internal static class EncryptionScheme
{
    private const int FileKeySize = 32;
    private const int HeaderLines = 3;
    private const string NotWrapped = "failed to wrap the file key";
    private const string NotUnwrapped = "failed to unwrap the file key";

    /// <summary>A header with an RSA key of 16384 bits has 3 KiB.</summary>
    private const int HeaderLimit = 16 * 1024;

    public static async Task EncryptAsync(CryptoProvider keys, EncryptionChoice choice, ChunkSource source, ChunkSink sink, CancellationToken cancellation)
    {
        var fileKey = RandomNumberGenerator.GetBytes(FileKeySize);
        var manifest = new Manifest(choice.WrittenKeyName, choice.Wrap, await keys.UseAsync(ComponentCallKind.Encrypt, choice.KeyName, k => Wrapped(k, choice, fileKey), NotWrapped, cancellation), choice.Cipher, RandomNumberGenerator.GetBytes(Manifest.NoncePrefixSize));
        using var cipher = new SegmentCipher(choice.Cipher, fileKey, manifest.NoncePrefix);
        var buffer = new ChunkBuffer(source);
        await sink(manifest.ToHeader(fileKey), cancellation);
        CryptographicOperations.ZeroMemory(fileKey);
        while (true)
        {
            var isLast = !await buffer.FillAsync(SegmentCipher.Size + 1, cancellation);
            var segment = isLast ? buffer.Peek : buffer.Peek[..SegmentCipher.Size];
            if (segment.Length > 0)
            {
                await sink(cipher.Encrypt(segment.Span, isLast), cancellation);
                buffer.Consume(segment.Length);
            }

            if (isLast)
            {
                return;
            }
        }
    }

    /// <exception cref="CryptographicException">It is no such document, the key does not open it, or it was changed.</exception>
    public static async Task DecryptAsync(CryptoProvider keys, string? keyName, ChunkSource source, ChunkSink sink, CancellationToken cancellation)
    {
        var buffer = new ChunkBuffer(source);
        var header = await HeaderAsync(buffer, cancellation);
        var manifest = Manifest.Parse(header);
        var name = keyName ?? manifest.KeyName ?? throw new CryptographicException("document's manifest does not contain a key name, and no key name was provided");
        var fileKey = await keys.UseAsync(ComponentCallKind.Decrypt, name, k => Unwrapped(k, name, manifest), NotUnwrapped, cancellation);
        if (!Manifest.IsSigned(header, fileKey))
        {
            throw new CryptographicException("failed to validate the document's signature");
        }

        using var cipher = new SegmentCipher(manifest.Cipher, fileKey, manifest.NoncePrefix);
        CryptographicOperations.ZeroMemory(fileKey);
        const int Sealed = SegmentCipher.Size + SegmentCipher.TagSize;
        while (true)
        {
            var isLast = !await buffer.FillAsync(Sealed + 1, cancellation);
            var segment = isLast ? buffer.Peek : buffer.Peek[..Sealed];
            if (segment.Length > 0)
            {
                await sink(cipher.Decrypt(segment.Span, isLast), cancellation);
                buffer.Consume(segment.Length);
            }

            if (isLast)
            {
                return;
            }
        }
    }

    private static byte[] Wrapped(LocalStorageKeys keys, EncryptionChoice choice, byte[] fileKey)
    {
        using var key = Load(keys, choice.KeyName, NotWrapped);
        try
        {
            return KeyWrap.Wrap(choice.Wrap, key, fileKey);
        }
        catch (CryptographicException error)
        {
            throw new CryptographicException($"{NotWrapped}: failed to encrypt data: {error.Message}", error);
        }
    }

    /// <summary>A key that does not open it gives another key, whose signature then does not hold: nobody learns which of the two it was.</summary>
    private static byte[] Unwrapped(LocalStorageKeys keys, string name, Manifest manifest)
    {
        using var key = Load(keys, name, NotUnwrapped);
        try
        {
            return KeyWrap.Unwrap(manifest.Wrap, key, manifest.WrappedKey) is { Length: FileKeySize } fileKey ? fileKey : RandomNumberGenerator.GetBytes(FileKeySize);
        }
        catch (CryptographicException)
        {
            return RandomNumberGenerator.GetBytes(FileKeySize);
        }
    }

    private static LocalKey Load(LocalStorageKeys keys, string name, string failed)
    {
        try
        {
            return keys.Load(name);
        }
        catch (CryptographicException error)
        {
            throw new CryptographicException($"{failed}: failed to retrieve the key encryption key: {error.Message}", error);
        }
    }

    private static async Task<byte[]> HeaderAsync(ChunkBuffer buffer, CancellationToken cancellation)
    {
        for (var wanted = 1; wanted <= HeaderLimit; wanted = buffer.Peek.Length + 1)
        {
            var isMore = await buffer.FillAsync(wanted, cancellation);
            if (Length(buffer.Peek.Span) is { } length && length <= HeaderLimit)
            {
                var header = buffer.Peek[..length].ToArray();
                buffer.Consume(length);
                return header;
            }

            if (!isMore)
            {
                break;
            }
        }

        throw new CryptographicException("invalid header: scheme name not found");
    }

    private static int? Length(ReadOnlySpan<byte> text)
    {
        var end = 0;
        for (var line = 0; line < HeaderLines; line++)
        {
            var newline = text[end..].IndexOf((byte)'\n');
            if (newline < 0)
            {
                return null;
            }

            end += newline + 1;
        }

        return end;
    }
}
