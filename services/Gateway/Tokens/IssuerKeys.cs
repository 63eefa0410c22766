using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Services.Gateway.Tokens;

/// <summary>A public key of an issuer, and the one algorithm that it may be used with: a token never chooses.</summary>
internal sealed record IssuerKey(string Issuer, string Algorithm, SecurityKey Key);

/// <summary>The keys of the issuers whose tokens are good here, from a JSON web key set. A key belongs to the issuer that its member
/// <c>iss</c> names, else to the configured one, so no issuer can speak for another.</summary>
internal sealed class IssuerKeys(IReadOnlyList<IssuerKey> keys)
{
    private const int LeastRsaBits = 2048;

    public bool Knows(string issuer) => keys.Any(k => k.Issuer == issuer);

    /// <summary>The keys that a token of that issuer, with that key id and algorithm, may have been signed with.</summary>
    public IReadOnlyList<IssuerKey> Find(string issuer, string? keyId, string algorithm) =>
        [.. keys.Where(k => k.Issuer == issuer && k.Algorithm == algorithm && (string.IsNullOrEmpty(keyId) || k.Key.KeyId is null || k.Key.KeyId == keyId))];

    /// <exception cref="InvalidDataException">The set holds a key that can't be used; the message names it.</exception>
    public static IssuerKeys Parse(string json, string defaultIssuer)
    {
        try
        {
            return new IssuerKeys([.. JsonWebKeySet.Create(json).Keys.Select((k, i) => Read(k, i, defaultIssuer))]);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or CryptographicException)
        {
            throw new InvalidDataException($"The secret 'issuer-jwks' is no JSON web key set: {error.Message}", error);
        }
    }

    private static IssuerKey Read(JsonWebKey key, int index, string defaultIssuer)
    {
        var name = $"Key {index + 1} ('{key.Kid}') of the secret 'issuer-jwks'";
        var (algorithm, usable) = (key.Kty, key.Crv) switch
        {
            ("EC", "P-256") => (SecurityAlgorithms.EcdsaSha256, Curve(key)),
            ("RSA", _) => (SecurityAlgorithms.RsaSha256, Rsa(key, name)),
            ("OKP", "Ed25519") => (EdDsaSecurityKey.AlgorithmName, new EdDsaSecurityKey(Base64UrlEncoder.DecodeBytes(key.X))),
            _ => throw new InvalidDataException($"{name} is of type '{key.Kty}' {key.Crv}: give public keys of type EC P-256, RSA or OKP Ed25519."),
        };
        if (key.Use is not (null or "" or "sig") || key.Alg is { Length: > 0 } stated && stated != algorithm)
        {
            throw new InvalidDataException($"{name} is for '{key.Use}' '{key.Alg}': a key of its type signs with {algorithm}.");
        }

        usable.KeyId = string.IsNullOrEmpty(key.Kid) ? null : key.Kid;
        return new IssuerKey(key.AdditionalData.TryGetValue("iss", out var issuer) ? issuer.ToString()! : defaultIssuer, algorithm, usable);
    }

    private static SecurityKey Curve(JsonWebKey key) => new ECDsaSecurityKey(ECDsa.Create(new ECParameters
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = Base64UrlEncoder.DecodeBytes(key.X), Y = Base64UrlEncoder.DecodeBytes(key.Y) },
    }));

    private static SecurityKey Rsa(JsonWebKey key, string name)
    {
        var rsa = new RsaSecurityKey(new RSAParameters { Modulus = Base64UrlEncoder.DecodeBytes(key.N), Exponent = Base64UrlEncoder.DecodeBytes(key.E) });
        return rsa.KeySize >= LeastRsaBits ? rsa : throw new InvalidDataException($"{name} has {rsa.KeySize} bits: RSA keys need {LeastRsaBits}.");
    }
}
