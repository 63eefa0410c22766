using System.Security.Cryptography;
using EdgeMesh.Hosting;

namespace EdgeMesh.Testing;

/// <summary>A site's secrets under the names that <see cref="SiteSecrets"/> reads, new for each call.</summary>
public static class TestSecrets
{
    private const int KeyLength = 32;

    /// <summary>Makes all secrets of a site.</summary>
    /// <param name="site">The site's name, for its certificate.</param>
    /// <param name="clock">When the certificate begins to hold.</param>
    public static Dictionary<string, string> Create(string site, TimeProvider clock)
    {
        using var caller = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authority = MeshAuthority.CreateAuthority("test", clock);
        var certificate = MeshAuthority.CreateSite(authority.Certificate, authority.PrivateKey, site, [], clock);
        return new Dictionary<string, string>
        {
            [SiteSecrets.SiteKey] = RandomKey(),
            [SiteSecrets.PseudonymKey] = RandomKey(),
            [SiteSecrets.ExchangeKey] = RandomKey(),
            [SiteSecrets.LedgerKey] = RandomKey(),
            [SiteSecrets.WitnessKey] = RandomKey(),
            [SiteSecrets.CallerSigningKey] = caller.ExportPkcs8PrivateKeyPem(),
            [SiteSecrets.CallerVerifyKey] = caller.ExportSubjectPublicKeyInfoPem(),
            [SiteSecrets.MeshCertificate] = certificate.Certificate,
            [SiteSecrets.MeshPrivateKey] = certificate.PrivateKey,
            [SiteSecrets.MeshCa] = authority.Certificate,
            [SiteSecrets.IssuerKeys] = """{"keys":[]}""",
            [SiteSecrets.FunctionDeployers] = "{}",
        };
    }

    private static string RandomKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyLength));
}
