using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using EdgeMesh.Hosting;
using EdgeMesh.Testing;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>A site: an embedded sidecar, the gateway with real listeners, and two services behind it.</summary>
internal sealed class GatewaySite : IAsyncDisposable
{
    public const string PublicUrl = "https://door.example.org";

    private readonly TestMeshAuthority _authority;
    private readonly DaprTestHost _host;

    private GatewaySite(string name, TestMeshAuthority authority, DaprTestHost host, int publicPort, int meshPort, EchoApp records, EchoApp ledger)
    {
        (Name, _authority, _host, Records, Ledger) = (name, authority, host, records, ledger);
        (PublicDoor, MeshDoor) = (new Uri($"https://127.0.0.1:{publicPort}"), new Uri($"https://127.0.0.1:{meshPort}"));
    }

    public string Name { get; }

    public EchoApp Records { get; }

    public EchoApp Ledger { get; }

    public Uri PublicDoor { get; }

    public Uri MeshDoor { get; }

    public DaprTestHost Host => _host;

    /// <param name="peers">The other sites and where their mesh doors are.</param>
    /// <param name="settings">Settings of the gateway, below <c>EdgeMesh:Gateway:</c>.</param>
    public static async Task<GatewaySite> StartAsync(
        string name, TestMeshAuthority authority, TestIssuer issuer, IEnumerable<(string Name, Uri? Url)>? peers = null, int? meshPort = null, params (string Key, string Value)[] settings)
    {
        var (records, ledger) = (new EchoApp("records"), new EchoApp("ledger"));
        var (publicPort, mesh) = (LoopbackPorts.Take(), meshPort ?? LoopbackPorts.Take());
        var gateway = new Dictionary<string, string?>
        {
            ["EdgeMesh:Gateway:PublicUrl"] = PublicUrl,
            ["EdgeMesh:Gateway:PublicPort"] = publicPort.ToString(CultureInfo.InvariantCulture),
            ["EdgeMesh:Gateway:MeshPort"] = mesh.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (key, value) in settings)
        {
            gateway["EdgeMesh:Gateway:" + key] = value;
        }

        ImmutableArray<(string Name, Uri? Url)> sites = [(name, null), .. peers ?? []];
        var host = await DaprTestHost.StartAsync(new DaprTestHostOptions
        {
            Site = name,
            Directory = new MeshDirectory(name, [.. sites.Select(s => new SiteEntry(s.Name, "org-" + s.Name, s.Url, new byte[32], "", authority.CallerKey(s.Name).Public, false))]),
            Secrets = authority.Secrets(name, issuer),
            Apps = [new TestApp("records", records.Create), new TestApp("ledger", ledger.Create), new TestApp(GatewayApp.AppId, GatewayApp.Create) { Settings = gateway }],
        }, TestContext.Current.CancellationToken);
        return new GatewaySite(name, authority, host, publicPort, mesh, records, ledger);
    }

    /// <summary>As anybody outside has it.</summary>
    public HttpClient Client(string? token = null, Version? version = null) => new(new SocketsHttpHandler { SslOptions = Trust(), UseProxy = false })
    {
        BaseAddress = PublicDoor,
        DefaultRequestVersion = version ?? HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        DefaultRequestHeaders = { Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token) },
    };

    /// <summary>As another site's gateway has it, with any certificate.</summary>
    public HttpClient MeshClient(X509Certificate2? certificate)
    {
        var tls = Trust();
        tls.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!;
        return new HttpClient(new SocketsHttpHandler { SslOptions = tls, UseProxy = false })
        {
            BaseAddress = MeshDoor,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    /// <summary>As a local service has the gateway: through its own sidecar.</summary>
    public HttpClient LocalClient()
    {
        var client = _host.SidecarClient("records");
        client.BaseAddress = new Uri(client.BaseAddress!, "/v1.0/invoke/gateway/method/");
        return client;
    }

    public ValueTask DisposeAsync()
    {
        Records.Gate.TrySetResult();
        Ledger.Gate.TrySetResult();
        return _host.DisposeAsync();
    }

    private SslClientAuthenticationOptions Trust() => new()
    {
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { X509Certificate2.CreateFromPem(_authority.Certificate) },
            RevocationMode = X509RevocationMode.NoCheck,
        },
    };
}
