using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace EdgeMesh.Sidecar.BuildingBlocks.Cryptography;

/// <summary>What a document says of itself, in the second line of its header (Dapr's encryption scheme <c>dapr.io/enc/v1</c>).</summary>
/// <param name="KeyName">The key that opens it; null: whoever decrypts knows.</param>
/// <param name="Wrap">How the file's key is wrapped.</param>
/// <param name="WrappedKey">The file's key.</param>
/// <param name="Cipher">How the content is encrypted.</param>
/// <param name="NoncePrefix">Seven random bytes.</param>
internal sealed record Manifest(string? KeyName, KeyWrapAlgorithm Wrap, byte[] WrappedKey, Cipher Cipher, byte[] NoncePrefix)
{
    public const int NoncePrefixSize = 7;
    public const int MacSize = 32;

    private const string Scheme = "dapr.io/enc/v1\n";

    /// <summary>The three lines before the content.</summary>
    public byte[] ToHeader(byte[] fileKey)
    {
        var signed = Encoding.UTF8.GetBytes(Scheme + ToJson() + "\n");
        return [.. signed, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(Mac(fileKey, signed)) + "\n")];
    }

    /// <summary>Whoever knows the file's key made this header.</summary>
    public static bool IsSigned(ReadOnlySpan<byte> header, byte[] fileKey)
    {
        var signed = header[..(header[..^1].LastIndexOf((byte)'\n') + 1)];
        var given = new byte[MacSize];
        return Convert.TryFromBase64String(Encoding.ASCII.GetString(header[signed.Length..^1]), given, out var length) && length == MacSize
            && CryptographicOperations.FixedTimeEquals(given, Mac(fileKey, signed));
    }

    /// <param name="header">Three lines with their ends.</param>
    /// <exception cref="CryptographicException">It is no such header.</exception>
    public static Manifest Parse(ReadOnlySpan<byte> header)
    {
        if (!header.StartsWith(Encoding.ASCII.GetBytes(Scheme)))
        {
            throw new CryptographicException("invalid header: scheme name not found");
        }

        var line = header[Scheme.Length..];
        try
        {
            using var json = JsonDocument.Parse(line[..line.IndexOf((byte)'\n')].ToArray());
            var root = json.RootElement;
            var manifest = new Manifest(
                root.TryGetProperty("k", out var name) && name.GetString() is { Length: > 0 } key ? key : null,
                (KeyWrapAlgorithm)root.GetProperty("kw").GetInt32(),
                root.GetProperty("wfk").GetBytesFromBase64(),
                (Cipher)root.GetProperty("cph").GetInt32(),
                root.GetProperty("np").GetBytesFromBase64());
            return Enum.IsDefined(manifest.Wrap) && Enum.IsDefined(manifest.Cipher) && manifest.NoncePrefix.Length == NoncePrefixSize
                ? manifest
                : throw new FormatException("a field has a value that is unknown");
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CryptographicException($"invalid header: invalid manifest: {error.Message}", error);
        }
    }

    private string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (KeyName is not null)
            {
                json.WriteString("k", KeyName);
            }

            json.WriteNumber("kw", (int)Wrap);
            json.WriteBase64String("wfk", WrappedKey);
            json.WriteNumber("cph", (int)Cipher);
            json.WriteBase64String("np", NoncePrefix);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static byte[] Mac(byte[] fileKey, ReadOnlySpan<byte> signed) =>
        HMACSHA256.HashData(HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, MacSize, info: "header"u8.ToArray()), signed);
}

/// <summary>As documents name them by number.</summary>
internal enum Cipher
{
    AesGcm = 1,
    ChaCha20Poly1305 = 2,
}
