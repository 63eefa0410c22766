using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Clients;

/// <summary>Clients for the sites' public doors, as anybody outside has them: they trust the mesh's authority and carry a token.</summary>
internal static class SiteClients
{
    public static HttpClient Create(MeshPlace place, SiteDefinition site, string? token, TimeSpan? timeout = null)
    {
        var authority = X509CertificateLoader.LoadCertificateFromFile(place.Data.AuthorityCertificate);
        var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy
                {
                    TrustMode = X509ChainTrustMode.CustomRootTrust,
                    CustomTrustStore = { authority },
                    RevocationMode = X509RevocationMode.NoCheck,
                },
            },
        })
        {
            BaseAddress = place.Topology.PublicUrl(site),
            Timeout = timeout ?? TimeSpan.FromSeconds(30),
        };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return client;
    }
}
