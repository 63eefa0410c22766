using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using NSec.Cryptography;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>An OIDC issuer with a key of each type that the gateway takes, and a second issuer that it also knows.</summary>
internal sealed class TestIssuer
{
    public const string Name = GatewayOptions.DevelopmentIssuer;
    public const string OtherName = "https://other.example.org";

    private readonly ECDsa _curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _otherCurve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly RSA _rsa = RSA.Create(2048);
    private readonly Key _edwards = Key.Create(NSec.Cryptography.SignatureAlgorithm.Ed25519);

    public string Jwks => JsonSerializer.Serialize(new { keys = new object[] { Curve(_curve, "ec", null), Curve(_otherCurve, "other", OtherName), Rsa(), Edwards() } });

    /// <summary>The claims of a clinician, good for an hour; a test changes what it is about.</summary>
    public static Dictionary<string, object> Claims(params string[] scopes) => new()
    {
        ["iss"] = Name,
        ["aud"] = GatewaySite.PublicUrl,
        ["sub"] = "dr-jones",
        ["exp"] = TimeProvider.System.GetUtcNow().AddHours(1).ToUnixTimeSeconds(),
        ["roles"] = new[] { "practitioner", "auditor" },
        ["scope"] = scopes.Length == 0 ? "user/*.cruds openid" : string.Join(' ', scopes),
        ["purpose"] = "BTG",
        ["patient"] = "clinic-a-x1",
    };

    public string Token(params string[] scopes) => Sign(Claims(scopes));

    public string Sign(Dictionary<string, object> claims) => Sign(claims, new ECDsaSecurityKey(_curve) { KeyId = "ec" }, SecurityAlgorithms.EcdsaSha256);

    public string SignAsOther(Dictionary<string, object> claims) => Sign(claims, new ECDsaSecurityKey(_otherCurve) { KeyId = "other" }, SecurityAlgorithms.EcdsaSha256);

    public string SignRsa(Dictionary<string, object> claims, string algorithm = SecurityAlgorithms.RsaSha256) => Sign(claims, new RsaSecurityKey(_rsa) { KeyId = "rsa" }, algorithm);

    public string SignEdwards(Dictionary<string, object> claims)
    {
        var signed = Unsigned("""{"alg":"EdDSA","kid":"ed"}""", claims);
        return $"{signed}.{Base64UrlEncoder.Encode(NSec.Cryptography.SignatureAlgorithm.Ed25519.Sign(_edwards, System.Text.Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>Header and claims, without a signature.</summary>
    public static string Unsigned(string header, Dictionary<string, object> claims) =>
        $"{Base64UrlEncoder.Encode(header)}.{Base64UrlEncoder.Encode(JsonSerializer.Serialize(claims))}";

    public static string Sign(Dictionary<string, object> claims, SecurityKey key, string algorithm) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            SigningCredentials = new SigningCredentials(key, algorithm) { CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false } },
        });

    private static Dictionary<string, string> Curve(ECDsa key, string id, string? issuer)
    {
        var point = key.ExportParameters(false).Q;
        var jwk = new Dictionary<string, string> { ["kty"] = "EC", ["crv"] = "P-256", ["kid"] = id, ["use"] = "sig", ["x"] = Base64UrlEncoder.Encode(point.X), ["y"] = Base64UrlEncoder.Encode(point.Y) };
        if (issuer is not null)
        {
            jwk["iss"] = issuer;
        }

        return jwk;
    }

    private object Rsa()
    {
        var key = _rsa.ExportParameters(false);
        return new { kty = "RSA", kid = "rsa", alg = "RS256", n = Base64UrlEncoder.Encode(key.Modulus), e = Base64UrlEncoder.Encode(key.Exponent) };
    }

    private object Edwards() =>
        new { kty = "OKP", crv = "Ed25519", kid = "ed", x = Base64UrlEncoder.Encode(_edwards.PublicKey.Export(KeyBlobFormat.RawPublicKey)) };
}
