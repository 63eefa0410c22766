using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeMesh.Hosting;

/// <summary>The mesh's own certificate authority: ECDSA P-256, one certificate a site, good for its public door and for mutual TLS.
/// A site is named by the URI <c>edgemesh://site/NAME</c> in its certificate's subject alternative names.</summary>
public static class MeshAuthority
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";
    private const string SitePrefix = "edgemesh://site/";

    /// <summary>Makes a new authority, good for ten years.</summary>
    /// <returns>Certificate and private key, PEM.</returns>
    public static (string Certificate, string PrivateKey) CreateAuthority(string mesh, TimeProvider clock)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={mesh} mesh CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = clock.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddMinutes(-5), now.AddYears(10));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Makes a site's certificate, good for two years, for <c>localhost</c>, the loopback addresses and the given host names.</summary>
    /// <returns>Certificate and private key, PEM.</returns>
    public static (string Certificate, string PrivateKey) CreateSite(
        string authorityCertificate, string authorityKey, string site, IEnumerable<string> hosts, TimeProvider clock)
    {
        using var authority = X509Certificate2.CreateFromPem(authorityCertificate, authorityKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={site}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(SitePrefix + site));
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        foreach (var host in hosts)
        {
            names.AddDnsName(host);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerUse), new Oid(ClientUse)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        var now = clock.GetUtcNow();
        var until = now.AddYears(2) < authority.NotAfter ? now.AddYears(2) : authority.NotAfter;
        using var certificate = request.Create(authority, now.AddMinutes(-5), until, RandomNumberGenerator.GetBytes(16));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The site that a certificate names, if this authority signed it; else null. System roots and revocation lists play no part.</summary>
    public static string? SiteOf(X509Certificate2 certificate, X509Certificate2 authority, TimeProvider clock)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = clock.GetUtcNow().UtcDateTime;
        return chain.Build(certificate) ? NamedSite(certificate) : null;
    }

    private static string? NamedSite(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        if (names is null)
        {
            return null;
        }

        // The framework lists DNS names and addresses only; a URI is context tag 6 of the GeneralNames sequence.
        var reader = new System.Formats.Asn1.AsnReader(names.RawData, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
        var uri = new System.Formats.Asn1.Asn1Tag(System.Formats.Asn1.TagClass.ContextSpecific, 6);
        while (reader.HasData)
        {
            if (reader.PeekTag().HasSameClassAndValue(uri))
            {
                var text = reader.ReadCharacterString(System.Formats.Asn1.UniversalTagNumber.IA5String, uri);
                return text.StartsWith(SitePrefix, StringComparison.Ordinal) ? text[SitePrefix.Length..] : null;
            }

            reader.ReadEncodedValue();
        }

        return null;
    }
}
