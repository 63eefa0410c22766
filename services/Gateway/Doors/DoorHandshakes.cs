using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Credentials;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace EdgeMesh.Services.Gateway.Doors;

/// <summary>TLS of the two doors. The mesh door takes only certificates of the mesh's authority that name another site of the mesh.</summary>
internal sealed partial class DoorHandshakes(CredentialsLoader credentials, IServiceProvider services)
{
    private readonly MeshDirectory _directory = services.GetRequiredService<MeshDirectory>();
    private readonly TimeProvider _clock = services.GetRequiredService<TimeProvider>();
    private readonly ILogger _logger = services.GetRequiredService<ILogger<DoorHandshakes>>();
    private readonly Dictionary<string, MeshPeer> _peers = services.GetRequiredService<MeshDirectory>().Sites.ToDictionary(
        s => s.Name, s => new MeshPeer(new Caller { Kind = CallerKind.Site, Subject = s.Name, Site = s.Name }));

    public async ValueTask<SslServerAuthenticationOptions> PublicAsync(TlsHandshakeCallbackContext context)
    {
        var own = await credentials.LoadedAsync(context.CancellationToken);
        return new SslServerAuthenticationOptions { ServerCertificateContext = own.Certificate };
    }

    public async ValueTask<SslServerAuthenticationOptions> MeshAsync(TlsHandshakeCallbackContext context)
    {
        var own = await credentials.LoadedAsync(context.CancellationToken);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = own.Certificate,
            ClientCertificateRequired = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = own.ChainPolicy(),
            // Connections are few and live long; a resumed session would skip the check below.
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => Admit(context.Connection, certificate as X509Certificate2, own),
        };
    }

    private bool Admit(ConnectionContext connection, X509Certificate2? certificate, SiteCredentials own)
    {
        // The authority's word counts, not what the machine's own trust store made of the chain.
        var site = certificate is null ? null : MeshAuthority.SiteOf(certificate, own.Authority, _clock);
        if (site is null || site == _directory.Self || !_peers.TryGetValue(site, out var peer))
        {
            LogRefused(connection.RemoteEndPoint, certificate?.Subject ?? "none", site ?? "no site of this mesh");
            return false;
        }

        connection.Features.Set(peer);
        return true;
    }

    [LoggerMessage(LogLevel.Warning, "Refused a connection from {Address} to the mesh door: its certificate is of '{Subject}' and names {Site}")]
    private partial void LogRefused(System.Net.EndPoint? address, string subject, string site);
}
