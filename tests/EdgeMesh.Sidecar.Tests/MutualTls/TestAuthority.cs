using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeMesh.Sidecar.Tests.MutualTls;

/// <summary>A root and an issuer below it, as sentry makes them.</summary>
internal sealed class TestAuthority
{
    /// <summary>As sentry: clocks may differ by so much.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);

    private readonly TimeProvider _clock;
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _issuer;

    public TestAuthority(TimeProvider clock)
    {
        _clock = clock;
        var (begin, end) = (clock.GetUtcNow() - Skew, clock.GetUtcNow().AddYears(1));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _root = Authority("O=localhost", rootKey).CreateSelfSigned(begin, end);
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _issuer = Authority("O=issuer", issuerKey).Create(_root, begin, end, [1]).CopyWithPrivateKey(issuerKey);
    }

    public string RootPem => _root.ExportCertificatePem();

    /// <summary>What leads from its certificates to the root.</summary>
    public X509Certificate2Collection Issuers => [_issuer];

    /// <summary>PEM of a certificate and its issuer.</summary>
    /// <param name="uri">The identity; null: it has none.</param>
    /// <param name="key">Whose it is.</param>
    /// <param name="life">From now on.</param>
    public string Sign(string? uri, PublicKey key, TimeSpan life) => Certificate(uri, key, life).ExportCertificatePem() + "\n" + _issuer.ExportCertificatePem();

    /// <summary>For TLS, with a key of its own.</summary>
    public SslStreamCertificateContext Server(string? uri)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return SslStreamCertificateContext.Create(Certificate(uri, new PublicKey(key), TimeSpan.FromDays(1)).CopyWithPrivateKey(key), [_issuer], offline: true);
    }

    public X509Certificate2 Certificate(string? uri, PublicKey key, TimeSpan life)
    {
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        if (uri is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddUri(new Uri(uri));
            request.CertificateExtensions.Add(names.Build(critical: true));
        }

        var now = _clock.GetUtcNow();
        return request.Create(_issuer, now - Skew, now + life, RandomNumberGenerator.GetBytes(8));
    }

    private static CertificateRequest Authority(string name, ECDsa key) => new(name, key, HashAlgorithmName.SHA256)
    {
        CertificateExtensions = { new X509BasicConstraintsExtension(true, false, 0, true), new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true) },
    };
}
