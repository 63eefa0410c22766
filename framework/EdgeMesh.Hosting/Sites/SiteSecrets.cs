using System.Collections.Concurrent;
using Dapr;
using Dapr.Client;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Hosting;

/// <summary>The site's keys, from the component <c>secrets</c>. Each is read once and kept; while the sidecar is away the reader waits
/// for it. What a caller gets must never be logged.</summary>
public sealed partial class SiteSecrets(DaprClient dapr, ILogger<SiteSecrets> logger)
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

    /// <summary>JSON object: deployers' names and their Ed25519 public keys in base64, whose functions this site runs.</summary>
    public const string FunctionDeployers = "function-deployers";

    private const string Component = "secrets";
    private static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);

    /// <summary>The secret's value. Waits until the sidecar answers or <paramref name="cancellation"/> ends it.</summary>
    /// <exception cref="KeyNotFoundException">The site has no such secret, or no component <c>secrets</c>; the message says what to do.</exception>
    public async ValueTask<string> GetAsync(string name, CancellationToken cancellation)
    {
        if (_known.TryGetValue(name, out var known))
        {
            return known;
        }

        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            if (await TryReadAsync(name, cancellation) is { } value)
            {
                return _known.GetOrAdd(name, value);
            }

            if (pause == FirstPause)
            {
                LogWaiting(name);
            }

            // Another process comes up in its own time, whatever the clock says that a test gave to the service.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), TimeProvider.System, cancellation);
        }
    }

    /// <summary>The secret's bytes, written in base64. Waits as <see cref="GetAsync"/> does.</summary>
    public async ValueTask<byte[]> GetBytesAsync(string name, CancellationToken cancellation)
    {
        var text = await GetAsync(name, cancellation);
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? bytes[..length]
            : throw new InvalidDataException($"The site's secret '{name}' is not base64.");
    }

    /// <summary>Null: the sidecar does not answer yet.</summary>
    private async Task<string?> TryReadAsync(string name, CancellationToken cancellation)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        attempt.CancelAfter(AttemptLimit);
        try
        {
            var found = await dapr.GetSecretAsync(Component, name, cancellationToken: attempt.Token);
            return found.TryGetValue(name, out var value) ? value : throw Missing(name, "the store does not hold it", null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (DaprException error) when (error.InnerException is RpcException { StatusCode: StatusCode.Unavailable or StatusCode.DeadlineExceeded })
        {
            return null;
        }
        catch (DaprException error)
        {
            throw Missing(name, error.InnerException is RpcException rpc ? rpc.Status.Detail : error.Message, error);
        }
    }

    private static KeyNotFoundException Missing(string name, string why, Exception? inner) => new(
        $"The site's secret '{name}' can't be read: {why}. `edgemesh up` makes all secrets; elsewhere, add it to the store behind the component '{Component}'.", inner);

    [LoggerMessage(LogLevel.Information, "Waiting for the sidecar to read the secret {Name}")]
    private partial void LogWaiting(string name);
}
