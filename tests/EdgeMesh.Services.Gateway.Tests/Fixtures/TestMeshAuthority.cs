using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>A mesh's authority, and the certificates and caller keys that it gave to sites.</summary>
internal sealed class TestMeshAuthority
{
    private readonly (string Certificate, string PrivateKey) _authority = MeshAuthority.CreateAuthority("test", TimeProvider.System);
    private readonly Dictionary<string, (string Certificate, string PrivateKey)> _certificates = [];
    private readonly Dictionary<string, (string Private, string Public)> _callerKeys = [];

    public string Certificate => _authority.Certificate;

    public (string Certificate, string PrivateKey) Site(string name)
    {
        if (!_certificates.TryGetValue(name, out var made))
        {
            _certificates[name] = made = MeshAuthority.CreateSite(_authority.Certificate, _authority.PrivateKey, name, [], TimeProvider.System);
        }

        return made;
    }

    public (string Private, string Public) CallerKey(string site)
    {
        if (!_callerKeys.TryGetValue(site, out var made))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            _callerKeys[site] = made = (key.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
        }

        return made;
    }

    public X509Certificate2 ClientCertificate(string site) => X509Certificate2.CreateFromPem(Site(site).Certificate, Site(site).PrivateKey);

    public Dictionary<string, string> Secrets(string site, TestIssuer issuer) => new()
    {
        [SiteSecrets.MeshCa] = Certificate,
        [SiteSecrets.MeshCertificate] = Site(site).Certificate,
        [SiteSecrets.MeshPrivateKey] = Site(site).PrivateKey,
        [SiteSecrets.CallerSigningKey] = CallerKey(site).Private,
        [SiteSecrets.CallerVerifyKey] = CallerKey(site).Public,
        [SiteSecrets.IssuerKeys] = issuer.Jwks,
    };
}
