using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;

namespace EdgeMesh.Sidecar.MutualTls;

/// <summary>An app's certificate with its key, as sentry signed it. The key is in memory alone.</summary>
internal sealed class WorkloadCertificate
{
    private WorkloadCertificate(X509Certificate2 certificate, X509Certificate2Collection issuers, CallerIdentity identity)
    {
        // Offline: what leads to the trust anchor came with it, and nothing is fetched.
        Context = SslStreamCertificateContext.Create(certificate, issuers, offline: true);
        Identity = identity;
        NotBefore = certificate.NotBefore.ToUniversalTime();
        NotAfter = certificate.NotAfter.ToUniversalTime();
    }

    /// <summary>What TLS shows to peers.</summary>
    public SslStreamCertificateContext Context { get; }

    public CallerIdentity Identity { get; }

    public DateTimeOffset NotBefore { get; }

    public DateTimeOffset NotAfter { get; }

    /// <summary>Half its life, as daprd: time enough for a sentry that is away for a while.</summary>
    public DateTimeOffset RenewAt => NotBefore + ((NotAfter - NotBefore) / 2);

    /// <param name="pem">The certificate first, then those that lead to a trust anchor.</param>
    /// <param name="key">The key that was signed.</param>
    /// <exception cref="CryptographicException">It is no certificate of this key, or has no identity.</exception>
    public static WorkloadCertificate From(string pem, ECDsa key)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        if (chain.Count == 0 || SpiffeId.Read(chain[0]) is not { } identity)
        {
            throw new CryptographicException("what sentry signed has no SPIFFE identity of an app");
        }

        try
        {
            return new WorkloadCertificate(chain[0].CopyWithPrivateKey(key), [.. chain.Skip(1)], identity);
        }
        catch (ArgumentException error)
        {
            throw new CryptographicException($"what sentry signed is of another key: {error.Message}", error);
        }
    }
}
