using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Clients;

/// <summary>Clients for the sites' public doors, as anybody outside has them: they trust the mesh's authority and carry a token.</summary>
internal static class SiteClients
{
    private static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(30);

    public static HttpClient Create(MeshPlace place, SiteDefinition site, string? token, TimeSpan? timeout = null)
    {
        var client = new HttpClient(Handler(place)) { BaseAddress = place.Topology.PublicUrl(site), Timeout = timeout ?? UsualTimeout };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return client;
    }

    /// <summary>For an address that may be a site of this mesh or any server: the mesh's authority is trusted on this machine alone.</summary>
    public static HttpClient For(MeshPlace place, Uri url) =>
        new(url.IsLoopback && File.Exists(place.Data.AuthorityCertificate) ? Handler(place) : new SocketsHttpHandler()) { Timeout = UsualTimeout };

    private static SocketsHttpHandler Handler(MeshPlace place) => new()
    {
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(place.Data.AuthorityCertificate) },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    };
}
