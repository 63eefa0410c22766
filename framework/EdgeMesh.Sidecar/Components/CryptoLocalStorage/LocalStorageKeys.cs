using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace EdgeMesh.Sidecar.Components.CryptoLocalStorage;

/// <summary>Keys as files of one folder: PEM (RSA, private or public), JWK, or the bytes of a symmetric key, bare or in base64. Read anew
/// each time, so that a key may come or go while the sidecar runs; nothing of it leaves the process.</summary>
internal sealed class LocalStorageKeys
{
    /// <summary>Larger than any key.</summary>
    private const int SizeLimit = 64 * 1024;

    private readonly string _folder;

    private LocalStorageKeys(string folder) => _folder = folder;

    /// <exception cref="ArgumentException">The folder is missing.</exception>
    public static LocalStorageKeys Open(ComponentSpec spec, ComponentContext context)
    {
        var folder = Path.GetFullPath(spec["path"] is { Length: > 0 } path ? path : throw new ArgumentException("'path' is missing. Give the folder of the keys."), context.WorkingDirectory);
        return Directory.Exists(folder) ? new LocalStorageKeys(folder) : throw new ArgumentException($"'path' is {folder}, which is no folder.");
    }

    /// <exception cref="CryptographicException">There is no such key, or the file holds none.</exception>
    public LocalKey Load(string name)
    {
        if (name.Contains("..", StringComparison.Ordinal))
        {
            throw new CryptographicException("invalid key path: cannot contain '..'");
        }

        var path = Path.GetFullPath(Path.Combine(_folder, name.TrimStart('/')));
        try
        {
            var file = new FileInfo(path);
            return !file.Exists ? throw new CryptographicException($"failed to load key '{name}': open {path}: no such file or directory")
                : file.Length > SizeLimit ? throw new CryptographicException($"failed to load key '{name}': the file is larger than {SizeLimit} bytes")
                : Parse(File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or FormatException or JsonException or InvalidOperationException)
        {
            throw new CryptographicException($"failed to load key '{name}': {error.Message}", error);
        }
    }

    private static LocalKey Parse(byte[] content)
    {
        var text = Encoding.UTF8.GetString(content).Trim();
        if (text.StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            return new LocalKey(null, Rsa(text));
        }

        // Before JSON, which is longer for every key: these bytes may begin like it.
        if (IsSymmetric(content.Length))
        {
            return new LocalKey(content, null);
        }

        if (text.StartsWith('{'))
        {
            return JsonWebKey.Parse(text);
        }

        var decoded = new byte[text.Length];
        return Convert.TryFromBase64String(text, decoded, out var length) && IsSymmetric(length)
            ? new LocalKey(decoded[..length], null)
            : throw new FormatException("the file holds neither PEM, nor JWK, nor a symmetric key of 16, 24 or 32 bytes");
    }

    /// <summary>Null for keys of other kinds, which no algorithm here takes.</summary>
    private static RSA? Rsa(string pem)
    {
        if (pem.Contains("BEGIN EC", StringComparison.Ordinal))
        {
            return null;
        }

        var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
            return rsa;
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            rsa.Dispose();
            return null;
        }
    }

    private static bool IsSymmetric(int length) => length is 16 or 24 or 32;
}
