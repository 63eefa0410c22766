using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>A server outside: by the name of an HTTPEndpoint resource, with its headers and certificates, or by its address.</summary>
internal sealed class ExternalEndpoint : IInvocationTarget, IDisposable
{
    private readonly string _base;
    private readonly IReadOnlyList<(string Name, string Value)> _headers;
    private readonly HttpMessageInvoker _client;

    public ExternalEndpoint(Uri baseUrl, IReadOnlyList<(string, string)> headers, HttpMessageInvoker client) =>
        (_base, _headers, _client) = (baseUrl.GetLeftPart(UriPartial.Path).TrimEnd('/'), headers, client);

    /// <param name="resource">The resource.</param>
    /// <param name="secrets">Looks up what its values refer to.</param>
    /// <param name="cancellation">Ends the look-up.</param>
    /// <exception cref="ArgumentException">What a value refers to is not there, or a certificate can't be read.</exception>
    public static async Task<ExternalEndpoint> OpenAsync(HttpEndpointResource resource, SecretReferences secrets, CancellationToken cancellation)
    {
        var headers = new List<(string, string)>();
        foreach (var header in resource.Headers)
        {
            headers.Add((header.Name, await secrets.ValueAsync(resource.SecretStore, header, cancellation)));
        }

        async Task<string?> PemAsync(MetadataItem? item) => item is null ? null : await secrets.ValueAsync(resource.SecretStore, item, cancellation);
        try
        {
            var handler = Handler();
            Trust(handler.SslOptions, await PemAsync(resource.RootCa));
            Identify(handler.SslOptions, await PemAsync(resource.Certificate), await PemAsync(resource.PrivateKey));
            return new ExternalEndpoint(resource.BaseUrl, headers, new HttpMessageInvoker(handler));
        }
        catch (CryptographicException error)
        {
            throw new ArgumentException($"its clientTLS can't be read: {error.Message}", error);
        }
    }

    /// <summary>Redirects are the caller's matter, and there is no time limit but the caller's.</summary>
    public static SocketsHttpHandler Handler() => new()
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    public Uri Address(string pathAndQuery) => new(_base + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        foreach (var (name, value) in _headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return _client.SendAsync(request, cancellation);
    }

    public void Dispose() => _client.Dispose();

    private static void Trust(SslClientAuthenticationOptions ssl, string? rootCa)
    {
        if (string.IsNullOrEmpty(rootCa))
        {
            return;
        }

        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(rootCa);
        if (roots.Count == 0)
        {
            throw new CryptographicException("rootCA has no certificate in PEM");
        }

        ssl.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        ssl.CertificateChainPolicy.CustomTrustStore.AddRange(roots);
    }

    private static void Identify(SslClientAuthenticationOptions ssl, string? certificate, string? key)
    {
        if (!string.IsNullOrEmpty(certificate))
        {
            ssl.ClientCertificates = new X509CertificateCollection { X509Certificate2.CreateFromPem(certificate, key) };
        }
    }
}
