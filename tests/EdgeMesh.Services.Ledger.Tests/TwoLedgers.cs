using System.Net;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Services.Ledger.Tests;

/// <summary>The ledgers of two sites, each behind a real sidecar, and each the other's witness. The gateways are stood in for: each hands what
/// it gets to the other site's ledger, over a link that can be cut.</summary>
internal sealed class TwoLedgers : IAsyncDisposable
{
    public const string A = "clinic-a";
    public const string B = "clinic-b";

    private readonly Dictionary<string, LedgerKey> _logs = new[] { A, B }.ToDictionary(s => s, s => LedgerKey.Generate(LedgerKey.OriginOf(s)));
    private readonly Dictionary<string, LedgerKey> _witnesses = new[] { A, B }.ToDictionary(s => s, s => LedgerKey.Generate(LedgerKey.WitnessOf(s)));
    private readonly Dictionary<string, DaprTestHost> _hosts = [];
    private readonly Dictionary<string, HttpClient> _clients = [];

    /// <summary>Whether nothing passes between the sites.</summary>
    public volatile bool IsCut;

    public string Data { get; } = Directory.CreateTempSubdirectory("edgemesh-ledgers-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<TwoLedgers> StartAsync()
    {
        var sites = new TwoLedgers();
        await sites.StartAsync(A);
        await sites.StartAsync(B);
        return sites;
    }

    public HttpClient Client(string site) => _clients[site];

    public VerifierKey Log(string site) => _logs[site].VerifierKey;

    public VerifierKey Witness(string site) => _witnesses[site].CosignerKey;

    public async Task StartAsync(string site)
    {
        _hosts[site] = await DaprTestHost.StartAsync(
            new DaprTestHostOptions
            {
                Site = site,
                Directory = new MeshDirectory(site, [Entry(A), Entry(B)]),
                Secrets = new Dictionary<string, string> { [SiteSecrets.LedgerKey] = _logs[site].ExportSeed(), [SiteSecrets.WitnessKey] = _witnesses[site].ExportSeed() },
                Resources = LedgerSite.Sqlite,
                DataDirectory = Path.Combine(Data, site),
                Apps =
                [
                    new TestApp(LedgerApp.AppId, LedgerApp.Create) { Settings = new Dictionary<string, string?> { ["EdgeMesh:Ledger:AnnounceEvery"] = "00:00:00.1" } },
                    new TestApp("gateway", Gateway),
                ],
            },
            Cancellation);
        _clients[site] = _hosts[site].InvokeClient("gateway", LedgerApp.AppId);
    }

    public async Task StopAsync(string site)
    {
        _clients[site].Dispose();
        await _hosts[site].DisposeAsync();
    }

    /// <summary>Appends one entry, as a service of the site.</summary>
    public Task<HttpResponseMessage> AddAsync(string site, byte entry) => Client(site).PostAsync("add", new ByteArrayContent([entry]), Cancellation);

    /// <summary>Asks again until a file of a ledger is as it should be; a bound for a slow machine, not a time that is expected.</summary>
    public async Task<string> UntilAsync(string site, string path, Func<string, bool> holds)
    {
        var last = "";
        for (var tries = 0; tries < 600; tries++)
        {
            using var answer = await Client(site).GetAsync(path, Cancellation);
            last = await answer.Content.ReadAsStringAsync(Cancellation);
            if (holds(last))
            {
                return last;
            }

            await Task.Delay(50, Cancellation);
        }

        throw new TimeoutException($"{site}'s {path} stays {last}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var site in _hosts.Keys)
        {
            await StopAsync(site);
        }

        foreach (var key in _logs.Values.Concat(_witnesses.Values))
        {
            key.Dispose();
        }

        Directory.Delete(Data, recursive: true);
    }

    private SiteEntry Entry(string site) =>
        new(site, "org", new Uri("https://mesh.invalid"), default, _logs[site].VerifierKey.ToString(), "", false) { WitnessKey = _witnesses[site].CosignerKey.ToString() };

    private WebApplication Gateway(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.Map("/mesh/{site}/{**rest}", ForwardAsync);
        return app;
    }

    private async Task ForwardAsync(HttpContext context, string site, string rest)
    {
        if (IsCut || !_clients.TryGetValue(site, out var client))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), rest);
        if (HttpMethods.IsPost(context.Request.Method))
        {
            request.Content = new StreamContent(context.Request.Body);
        }

        try
        {
            using var answer = await client.SendAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception error) when (error is HttpRequestException or ObjectDisposedException)
        {
            context.Response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
        }
    }
}
