using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Services.Gateway;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>A site with its console behind its door, as a browser has it: real gateway, real monitor, real sidecar.</summary>
internal sealed class ConsoleSite : IAsyncDisposable
{
    public const string Name = "clinic-07";

    private const string ConsoleUrl = "EdgeMesh:Gateway:ConsoleUrl";

    /// <summary>Whom the site lets deploy functions.</summary>
    public static readonly DeployerKey Deployer = DeployerKey.Create("ops");

    private static readonly LedgerKey LedgerKey = LedgerKey.Generate(LedgerKey.OriginOf(Name));
    private static readonly ECDsa Issuer = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private ConsoleSite(DaprTestHost host, Uri door) => (Host, Door) = (host, door);

    public DaprTestHost Host { get; }

    public Uri Door { get; }

    public TelemetryStore Store => Host.Services(MonitorApp.AppId).GetRequiredService<TelemetryStore>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<ConsoleSite> StartAsync(int sites = 3, int warmSeconds = 0, string? data = null, params TestApp[] besides)
    {
        var port = LoopbackPorts.Take();
        var door = new Uri($"https://127.0.0.1:{port}");
        var gateway = new Dictionary<string, string?>
        {
            ["EdgeMesh:Gateway:PublicUrl"] = door.ToString().TrimEnd('/'),
            ["EdgeMesh:Gateway:PublicPort"] = port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        var host = await DaprTestHost.StartAsync(new DaprTestHostOptions
        {
            Site = Name,
            DataDirectory = data,
            Directory = new MeshDirectory(Name, [new SiteEntry("core", "org-core", null, new byte[32], "", "", true), .. Enumerable.Range(sites > 7 ? 1 : 7, sites - 1).Select(Entry)]),
            Secrets = new Dictionary<string, string> { [SiteSecrets.IssuerKeys] = Jwks(), [SiteSecrets.LedgerKey] = LedgerKey.ExportSeed(), [SiteSecrets.FunctionDeployers] = Deployers() },
            // The monitor is made first: the gateway must know where it is.
            Apps =
            [
                new TestApp(MonitorApp.AppId, builder =>
                {
                    gateway[ConsoleUrl] = builder.Configuration["urls"];
                    return MonitorApp.Create(builder);
                })
                {
                    // Tests say what is wrong; the monitor's own look would find that it is not so.
                    Settings = new Dictionary<string, string?> { ["EdgeMesh:Monitor:Alerts:LookSeconds"] = "3600", ["EdgeMesh:Monitor:Fleet:Services"] = "gateway,monitor", ["EdgeMesh:Monitor:Console:WarmSeconds"] = $"{warmSeconds}" },
                },
                new TestApp(GatewayApp.AppId, GatewayApp.Create) { Settings = gateway },
                .. besides,
            ],
        }, Cancellation);
        return new ConsoleSite(host, door);
    }

    public string Token(string role, TimeSpan? life = null, string subject = "ada") => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
    {
        Claims = new Dictionary<string, object>
        {
            ["iss"] = "https://issuer.edgemesh.invalid",
            ["aud"] = Door.ToString().TrimEnd('/'),
            ["sub"] = subject,
            ["exp"] = TimeProvider.System.GetUtcNow().Add(life ?? TimeSpan.FromHours(1)).ToUnixTimeSeconds(),
            ["roles"] = new[] { role },
            ["scope"] = role switch { "auditor" => "system/AuditEvent.rs", "admin" => "system/*.cruds", "operator" => "deployments", "practitioner" => "user/*.cruds", _ => "" },
        },
        SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(Issuer) { KeyId = "test" }, SecurityAlgorithms.EcdsaSha256),
    });

    /// <summary>A program that comes to the door with somebody's token.</summary>
    public HttpClient NewClient(string role, string subject = "ada") => new(new SocketsHttpHandler { UseProxy = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } })
    {
        BaseAddress = Door,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Token(role, subject: subject)) },
    };

    public async Task AddAsync(TelemetryBatch batch) => Assert.Equal(AddOutcome.Stored, (await Store.AddAsync(batch)).Outcome);

    public ValueTask DisposeAsync() => Host.DisposeAsync();

    private static SiteEntry Entry(int number) =>
        new($"clinic-{number:00}", $"org-{number:00}", null, new byte[32], $"clinic-{number:00}" == Name ? LedgerKey.VerifierKey.ToString() : "", "", false);

    private static string Deployers() => JsonSerializer.Serialize(new Dictionary<string, string> { ["ops"] = Convert.ToBase64String(Deployer.Public.PublicKey.Span) });

    private static string Jwks()
    {
        var point = Issuer.ExportParameters(false).Q;
        return JsonSerializer.Serialize(new { keys = new[] { new { kty = "EC", crv = "P-256", kid = "test", use = "sig", x = Base64UrlEncoder.Encode(point.X), y = Base64UrlEncoder.Encode(point.Y) } } });
    }
}
