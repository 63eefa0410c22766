using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Tokens;

namespace EdgeMesh.Services.Gateway.Credentials;

/// <summary>What the gateway proves itself with, and whom it believes. Lives as long as the process.</summary>
/// <param name="Certificate">The site's certificate and key: for the public door, the mesh door, and towards other sites.</param>
/// <param name="Authority">The mesh's certificate authority: the only one that is believed.</param>
/// <param name="CallerSigningKey">Signs caller tokens, PEM.</param>
/// <param name="Issuers">The keys of those whose bearer tokens are taken.</param>
internal sealed record SiteCredentials(SslStreamCertificateContext Certificate, X509Certificate2 Authority, string CallerSigningKey, IssuerKeys Issuers)
{
    public static async Task<SiteCredentials> ReadAsync(SiteSecrets secrets, string defaultIssuer, CancellationToken cancellation)
    {
        var authorityPem = await secrets.GetAsync(SiteSecrets.MeshCa, cancellation);
        var certificatePem = await secrets.GetAsync(SiteSecrets.MeshCertificate, cancellation);
        var keyPem = await secrets.GetAsync(SiteSecrets.MeshPrivateKey, cancellation);
        var signingKey = await secrets.GetAsync(SiteSecrets.CallerSigningKey, cancellation);
        var issuers = await secrets.GetAsync(SiteSecrets.IssuerKeys, cancellation);
        var authority = Parse(() => X509Certificate2.CreateFromPem(authorityPem), SiteSecrets.MeshCa);
        var own = Parse(() => X509Certificate2.CreateFromPem(certificatePem, keyPem), $"{SiteSecrets.MeshCertificate}' or '{SiteSecrets.MeshPrivateKey}");
        CheckSigningKey(signingKey);
        var certificate = SslStreamCertificateContext.Create(own, [authority], offline: true);
        return new SiteCredentials(certificate, authority, signingKey, IssuerKeys.Parse(issuers, defaultIssuer));
    }

    /// <summary>Found out now rather than by the first request.</summary>
    private static void CheckSigningKey(string pem)
    {
        using var key = ECDsa.Create();
        Parse(() => { key.ImportFromPem(pem); return key; }, SiteSecrets.CallerSigningKey);
    }

    private static T Parse<T>(Func<T> read, string secret)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            // The message of the reason may quote what it read.
            throw new InvalidDataException($"The secret '{secret}' is not the PEM that it should be.", error);
        }
    }

    /// <summary>Keeps the platform from asking system roots and the network about a certificate.</summary>
    public X509ChainPolicy ChainPolicy() => new()
    {
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { Authority },
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
