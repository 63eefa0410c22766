using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;

namespace EdgeMesh.Sidecar.Components.CryptoLocalStorage;

/// <summary>A key in JSON (RFC 7517): <c>oct</c> and <c>RSA</c>.</summary>
internal static class JsonWebKey
{
    public static LocalKey Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        return (root.TryGetProperty("kty", out var kind) ? kind.GetString() : null) switch
        {
            "oct" => new LocalKey(Required(root, "k"), null),
            "RSA" => new LocalKey(null, Rsa(root)),
            _ => new LocalKey(null, null),
        };
    }

    private static RSA Rsa(JsonElement root)
    {
        var modulus = Required(root, "n");
        var half = (modulus.Length + 1) / 2;
        return RSA.Create(new RSAParameters
        {
            Modulus = modulus,
            Exponent = Required(root, "e"),
            D = Sized(root, "d", modulus.Length),
            P = Sized(root, "p", half),
            Q = Sized(root, "q", half),
            DP = Sized(root, "dp", half),
            DQ = Sized(root, "dq", half),
            InverseQ = Sized(root, "qi", half),
        });
    }

    private static byte[] Required(JsonElement root, string name) => Read(root, name) ?? throw new FormatException($"the JWK lacks '{name}'");

    /// <summary>Numbers of a JWK have no leading zeros; .NET wants them.</summary>
    private static byte[]? Sized(JsonElement root, string name, int length) =>
        Read(root, name) is not { } bytes ? null
        : bytes.Length <= length ? [.. new byte[length - bytes.Length], .. bytes]
        : throw new FormatException($"'{name}' of the JWK is longer than its modulus allows");

    private static byte[]? Read(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.GetString() is { } text ? Base64Url.DecodeFromChars(text) : null;
}
