using System.Collections.Concurrent;
using Dapr.Client;

namespace EdgeMesh.Hosting;

/// <summary>The site's keys, from the component <c>secrets</c>. Each is asked for once; what a caller gets must never be logged.</summary>
public sealed class SiteSecrets(DaprClient dapr)
{
    /// <summary>Base64, 32 bytes: wraps data keys.</summary>
    public const string SiteKey = "site-key";

    /// <summary>Base64, 32 bytes: makes pseudonyms and index tokens.</summary>
    public const string PseudonymKey = "pseudonym-key";

    /// <summary>Base64, X25519 private key: opens data keys that other sites wrapped for this one.</summary>
    public const string ExchangeKey = "exchange-key";

    /// <summary>Base64, Ed25519 seed: signs the ledger's checkpoints.</summary>
    public const string LedgerKey = "ledger-key";

    /// <summary>Base64, Ed25519 seed: cosigns other sites' checkpoints.</summary>
    public const string WitnessKey = "witness-key";

    /// <summary>PEM, P-256 private key (PKCS#8): the gateway signs caller tokens.</summary>
    public const string CallerSigningKey = "caller-signing-key";

    /// <summary>PEM, P-256 public key: services verify caller tokens.</summary>
    public const string CallerVerifyKey = "caller-verify-key";

    /// <summary>PEM: the gateway's certificate, for its public door and for mutual TLS.</summary>
    public const string MeshCertificate = "mesh-certificate";

    /// <summary>PEM: that certificate's private key.</summary>
    public const string MeshPrivateKey = "mesh-private-key";

    /// <summary>PEM: the mesh's certificate authority.</summary>
    public const string MeshCa = "mesh-ca";

    /// <summary>JSON web key set of the OIDC issuers whose tokens are good here.</summary>
    public const string IssuerKeys = "issuer-jwks";

    private const string Component = "secrets";

    private readonly ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);

    /// <summary>The secret's value.</summary>
    /// <exception cref="KeyNotFoundException">The site has no such secret.</exception>
    public async ValueTask<string> GetAsync(string name, CancellationToken cancellation)
    {
        if (_known.TryGetValue(name, out var known))
        {
            return known;
        }

        var found = await dapr.GetSecretAsync(Component, name, cancellationToken: cancellation);
        if (!found.TryGetValue(name, out var value))
        {
            throw new KeyNotFoundException($"The site has no secret '{name}'. `edgemesh up` makes it; elsewhere, add it to the store behind the component '{Component}'.");
        }

        return _known.GetOrAdd(name, value);
    }

    /// <summary>The secret's bytes, written in base64.</summary>
    public async ValueTask<byte[]> GetBytesAsync(string name, CancellationToken cancellation) =>
        Convert.FromBase64String(await GetAsync(name, cancellation));
}
