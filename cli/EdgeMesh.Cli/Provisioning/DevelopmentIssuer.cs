using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EdgeMesh.Cli.Topology;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Cli.Provisioning;

/// <summary>Stands in for an OIDC issuer on a developer's machine: an ES256 key whose public half every site of the mesh knows.</summary>
internal sealed class DevelopmentIssuer : IDisposable
{
    public const string Name = "https://issuer.edgemesh.invalid";

    private readonly ECDsa key;
    private readonly TimeProvider clock;

    private DevelopmentIssuer(ECDsa key, TimeProvider clock)
    {
        this.key = key;
        this.clock = clock;
    }

    /// <summary>Makes the key on first use; never overwrites one.</summary>
    public static DevelopmentIssuer OpenOrCreate(DataFolder data, TimeProvider clock)
    {
        if (!File.Exists(data.IssuerKey))
        {
            using var fresh = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            PrivateFiles.CreateFolder(Path.GetDirectoryName(data.IssuerKey)!);
            PrivateFiles.Write(data.IssuerKey, Encoding.ASCII.GetBytes(fresh.ExportPkcs8PrivateKeyPem() + "\n"));
        }

        return Open(data, clock);
    }

    public static DevelopmentIssuer Open(DataFolder data, TimeProvider clock)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(data.IssuerKey));
        return new(key, clock);
    }

    /// <summary>The public key as a JSON Web Key Set.</summary>
    public string Jwks()
    {
        var point = key.ExportParameters(false).Q;
        return JsonSerializer.Serialize(new
        {
            keys = new[]
            {
                new { kty = "EC", crv = "P-256", alg = "ES256", use = "sig", kid = KeyId(), x = Base64UrlEncoder.Encode(point.X), y = Base64UrlEncoder.Encode(point.Y) },
            },
        });
    }

    /// <summary>A token that the site's gateway takes.</summary>
    public string Issue(MeshTopology topology, TokenRequest request)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object>
        {
            ["sub"] = request.User,
            ["site"] = request.Site,
            ["roles"] = request.TokenRoles.ToArray(),
            ["scope"] = string.Join(' ', request.Scopes),
            ["purpose"] = request.Purpose,
            ["jti"] = Guid.NewGuid().ToString("N"),
        };
        if (request.Patient is not null)
        {
            claims["patient"] = request.Patient;
        }

        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Name,
            Audience = topology.PublicUrl(topology.FindSite(request.Site)!).ToString().TrimEnd('/'),
            IssuedAt = now,
            NotBefore = now,
            Expires = now + request.Lifetime,
            Claims = claims,
            SigningCredentials = new(new ECDsaSecurityKey(key) { KeyId = KeyId() }, SecurityAlgorithms.EcdsaSha256) { CryptoProviderFactory = new() { CacheSignatureProviders = false } },
        });
    }

    public void Dispose() => key.Dispose();

    private string KeyId() => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];
}
