using System.Collections.Frozen;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Credentials;

namespace EdgeMesh.Services.Gateway.MeshOut;

/// <summary>Connections to the other sites' mesh doors: few, HTTP/2, kept open, with this site's certificate. The other end must show
/// the certificate of just that site. A link that is cut is noticed at once or, half open, by pings.</summary>
internal sealed class PeerLinks(MeshDirectory directory, CredentialsLoader credentials, GatewayOptions options, TimeProvider clock) : IDisposable
{
    private readonly FrozenDictionary<string, HttpMessageInvoker> _links = directory.Sites
        .Where(s => s.MeshUrl is not null && s.Name != directory.Self)
        .ToFrozenDictionary(s => s.Name, s => new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = TimeSpan.FromSeconds(3),
            KeepAlivePingDelay = options.PingDelay,
            KeepAlivePingTimeout = options.PingDelay,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            // Certificates are looked at anew now and then.
            PooledConnectionLifetime = TimeSpan.FromMinutes(30),
            SslOptions = Tls(s.Name, credentials, clock),
        }));

    /// <summary>The link to a site; null: this site has none.</summary>
    public HttpMessageInvoker? Find(string site) => _links.GetValueOrDefault(site);

    public void Dispose()
    {
        foreach (var link in _links.Values)
        {
            link.Dispose();
        }
    }

    private static SslClientAuthenticationOptions Tls(string site, CredentialsLoader credentials, TimeProvider clock) => new()
    {
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        LocalCertificateSelectionCallback = (_, _, _, _, _) => credentials.Current.Certificate.TargetCertificate,
        RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            certificate is X509Certificate2 given && MeshAuthority.SiteOf(given, credentials.Current.Authority, clock) == site,
    };
}
