using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Keyring;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Store;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Records.Tests.Sharing;

/// <summary>Two sites, each the real service behind a real sidecar. Only the gateways are stood in for: each hands what it gets to the other
/// site's service, and states the caller as gateways do; so no certificates, and a link that can be cut.</summary>
internal sealed class TwoSites : IAsyncDisposable
{
    public const string A = "clinic-a";
    public const string B = "clinic-b";

    private readonly Dictionary<string, Dictionary<string, string>> _secrets = new()
    {
        [A] = TestSecrets.Create(A, TimeProvider.System),
        [B] = TestSecrets.Create(B, TimeProvider.System),
    };

    private readonly Dictionary<string, DaprTestHost> _hosts = [];
    private readonly CallerTokens _tokens = new(TimeProvider.System);

    /// <summary>Whether nothing passes between the sites.</summary>
    public bool IsCut { get; set; }

    /// <summary>Clinic-b's clock: runs as the machine's, and can be put forward.</summary>
    public ForwardClock ClockOfB { get; } = new();

    public static async Task<TwoSites> StartAsync()
    {
        var sites = new TwoSites();
        foreach (var site in (string[])[A, B])
        {
            sites._hosts[site] = await DaprTestHost.StartAsync(
                new()
                {
                    Site = site,
                    Directory = new MeshDirectory(site, [sites.Entry(A, "org-a"), sites.Entry(B, "org-b")]),
                    Secrets = sites._secrets[site],
                    Clock = site == B ? sites.ClockOfB : TimeProvider.System,
                    Apps = [new TestApp(RecordsApp.AppId, RecordsApp.Create), new TestApp("gateway", builder => sites.Gateway(builder, site))],
                },
                TestContext.Current.CancellationToken);
        }

        return sites;
    }

    /// <summary>Asks a site as its own clinician.</summary>
    public async Task<FhirResponse> AskAsync(string site, string path, string purpose = "TREAT", HttpMethod? method = null, JsonNode? body = null)
    {
        using var http = _hosts[site].AppClient(RecordsApp.AppId);
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path.StartsWith("http", StringComparison.Ordinal) ? new Uri(path) : new Uri(path, UriKind.Relative));
        var caller = new Caller { Kind = CallerKind.User, Subject = $"dr-{site}", Site = site, Roles = ["practitioner"], Scopes = ["user/*.cruds"], Purpose = purpose };
        var tokens = _hosts[site].Services(RecordsApp.AppId).GetRequiredService<CallerTokens>();
        request.Headers.Add(CallerTokens.Header, tokens.Sign(caller, site, _secrets[site][SiteSecrets.CallerSigningKey]));
        request.Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/fhir+json"));
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var headers = answer.Headers.Concat(answer.Content.Headers).ToDictionary(h => h.Key, h => string.Join(",", h.Value), StringComparer.OrdinalIgnoreCase);
        return new FhirResponse((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), answer.Headers.ETag?.ToString(), null, headers);
    }

    public async Task<string> CreateAsync(JsonNode resource)
    {
        var answer = await AskAsync(A, $"fhir/{resource["resourceType"]}", method: HttpMethod.Post, body: resource);
        Assert.Equal(201, answer.Status);
        return answer.Id;
    }

    public async Task UpdateAsync(string id, JsonNode resource)
    {
        resource["id"] = id;
        Assert.Equal(200, (await AskAsync(A, $"fhir/{resource["resourceType"]}/{id}", method: HttpMethod.Put, body: resource)).Status);
    }

    /// <summary>Waits until clinic-b answers as it should, told of news as by pub/sub.</summary>
    public async Task UntilAsync(string path, Func<FhirResponse, bool> holds)
    {
        var links = _hosts[B].Services(RecordsApp.AppId).GetRequiredService<RecordsOpener>().Store!.Links;
        for (var tries = 0; tries < 600; tries++)
        {
            links.Announced(new Announcement($"{A}.records.{JournalName.Changes}", ""));
            if (holds(await AskAsync(B, path)))
            {
                return;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"Clinic-b does not come to answer {path} as it should.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts.Values)
        {
            await host.DisposeAsync();
        }
    }

    private SiteEntry Entry(string site, string organization)
    {
        var secrets = _secrets[site];
        var keys = SiteKeys.FromBase64(secrets[SiteSecrets.SiteKey], secrets[SiteSecrets.PseudonymKey], secrets[SiteSecrets.ExchangeKey]);
        return new SiteEntry(site, organization, new Uri("https://mesh.invalid"), keys.ExchangePublicKey(), "", secrets[SiteSecrets.CallerVerifyKey], false);
    }

    private WebApplication Gateway(WebApplicationBuilder builder, string from)
    {
        builder.AddEdgeMesh("gateway");
        var app = builder.Build();
        app.MapEdgeMesh();
        app.MapGet("/mesh/{site}/{**rest}", (HttpContext context, string site, string rest) => ForwardAsync(context, from, site, rest));
        return app;
    }

    private async Task ForwardAsync(HttpContext context, string from, string to, string rest)
    {
        if (IsCut || !_hosts.TryGetValue(to, out var host))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        using var http = host.AppClient(RecordsApp.AppId);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(rest + context.Request.QueryString, UriKind.Relative));
        var peer = new Caller { Kind = CallerKind.Site, Subject = from, Site = from };
        request.Headers.Add(CallerTokens.Header, _tokens.Sign(peer, to, _secrets[to][SiteSecrets.CallerSigningKey]));
        if (context.Request.Headers[CallerTokens.Header] is [{ } user])
        {
            request.Headers.Add(CallerTokens.ForwardedHeader, user);
        }

        using var answer = await http.SendAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key is not ("Transfer-Encoding" or "Content-Length")))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}

/// <summary>The machine's clock, and as much ahead of it as a test wants.</summary>
internal sealed class ForwardClock : TimeProvider
{
    private long _ahead;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Volatile.Read(ref _ahead));

    public override long GetTimestamp() => System.GetTimestamp() + (long)(new TimeSpan(Volatile.Read(ref _ahead)).TotalSeconds * TimestampFrequency);

    public void Forward(TimeSpan time) => Interlocked.Add(ref _ahead, time.Ticks);
}
