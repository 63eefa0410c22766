using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Monitor.Tests;

/// <summary>A site with the monitor behind a real sidecar, on a clock that the test moves, and a gateway whose way to the core is the test's.</summary>
internal sealed class MonitorSite : IAsyncDisposable
{
    public const string Core = "core";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly DaprTestHost _host;

    private MonitorSite(string site, DaprTestHost host, FakeTimeProvider clock) => (Site, _host, Clock) = (site, host, clock);

    public static DateTimeOffset Start { get; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public string Site { get; }

    public FakeTimeProvider Clock { get; }

    public DaprTestHost Host => _host;

    public FleetBoard Board => Get<FleetBoard>();

    public AlertBook Alerts => Get<AlertBook>();

    public TelemetryStore Store => Get<TelemetryStore>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="site"><see cref="Core"/>, <c>clinic-a</c> or <c>clinic-b</c>.</param>
    /// <param name="core">What the core answers to a report that the gateway carries to it; null: it can't be reached.</param>
    /// <param name="clock">The clock; null: a new one.</param>
    /// <param name="data">A folder that stays; null: one that goes with the site.</param>
    /// <param name="resources">Components; null: in memory.</param>
    /// <param name="ledgers">Keys of ledgers, as the directory has them; null: none.</param>
    /// <param name="settings">Settings of the monitor, below <c>EdgeMesh:Monitor:</c>.</param>
    public static async Task<MonitorSite> StartAsync(
        string site, Func<string, byte[], Task<HttpResponseMessage>>? core = null, FakeTimeProvider? clock = null, string? data = null, string? resources = null,
        (string Site, string Key)[]? ledgers = null, params (string Key, string Value)[] settings)
    {
        clock ??= new FakeTimeProvider(Start);
        var all = settings.Prepend(("Fleet:Services", "monitor")).Prepend(("Fleet:FirstReportSeconds", "0")).GroupBy(s => s.Item1).ToDictionary(s => $"EdgeMesh:Monitor:{s.Key}", s => (string?)s.Last().Item2);
        var host = await DaprTestHost.StartAsync(
            new()
            {
                Site = site,
                Clock = clock,
                DataDirectory = data,
                Resources = resources ?? TestComponents.InMemory,
                Directory = new MeshDirectory(site, [Entry(Core, true) with { MeshUrl = site == Core ? null : new Uri("https://core.invalid") }, Entry("clinic-a", false, ledgers), Entry("clinic-b", false)]),
                Apps = [new TestApp(MonitorApp.AppId, MonitorApp.Create) { Settings = all }, new TestApp("gateway", builder => Gateway(builder, core))],
            },
            Cancellation);
        return new(site, host, clock);
    }

    public T Get<T>()
        where T : notnull => _host.Services(MonitorApp.AppId).GetRequiredService<T>();

    public SiteState State(string site) => Board.Sites.Single(s => s.Name == site);

    /// <summary>Reports to this core, as the gateway passes another site's report on.</summary>
    public async Task<HttpResponseMessage> ReportAsync(string site, byte[] report)
    {
        var caller = new Caller { Kind = CallerKind.Site, Subject = site, Site = site };
        return await PostAsync("mesh/monitor/report", report, caller);
    }

    public async Task<ReportAnswer> ReportAsync(string site, SiteReport report)
    {
        using var answer = await ReportAsync(site, JsonSerializer.SerializeToUtf8Bytes(report, FleetJson.Default.SiteReport));
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonSerializer.Deserialize(text, FleetJson.Default.ReportAnswer)!;
    }

    public async Task<HttpResponseMessage> PostAsync(string path, byte[] body, Caller? caller)
    {
        using var client = _host.InvokeClient("gateway", MonitorApp.AppId);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };
        if (caller is not null)
        {
            var key = await Get<SiteSecrets>().GetAsync(SiteSecrets.CallerSigningKey, Cancellation);
            request.Headers.Add(CallerTokens.Header, Get<CallerTokens>().Sign(caller, Site, key));
        }

        return await client.SendAsync(request, Cancellation);
    }

    /// <summary>Waits, by the machine's clock, for what other threads do.</summary>
    public static async Task UntilAsync(Func<bool> isSo, Func<string>? what = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"not so after {Limit.TotalSeconds:0} s{(what is null ? "" : ": " + what())}");
            await Task.Delay(5, Cancellation);
        }
    }

    /// <summary>Moves the clock step by step until something is so: what runs by it needs to see each step.</summary>
    public async Task AdvanceUntilAsync(TimeSpan step, Func<bool> isSo, Func<string>? what = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"not so after {Limit.TotalSeconds:0} s{(what is null ? "" : ": " + what())}");
            Clock.Advance(step);
            await Task.Delay(10, Cancellation);
        }
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static WebApplication Gateway(WebApplicationBuilder builder, Func<string, byte[], Task<HttpResponseMessage>>? core)
    {
        var app = builder.Build();
        app.MapPost("/mesh/{site}/{**path}", (RequestDelegate)(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            // Telemetry for the core waits: these tests are of reports.
            using var answer = core is null || (string?)context.Request.RouteValues["path"] != "mesh/monitor/report" ? new HttpResponseMessage(System.Net.HttpStatusCode.ServiceUnavailable) : await core((string)context.Request.RouteValues["site"]!, body.ToArray());
            context.Response.StatusCode = (int)answer.StatusCode;
            await context.Response.Body.WriteAsync(await answer.Content.ReadAsByteArrayAsync(context.RequestAborted), context.RequestAborted);
        }));
        return app;
    }

    private static SiteEntry Entry(string name, bool isCore, (string Site, string Key)[]? ledgers = null) =>
        new(name, "org-" + name, null, default, ledgers?.FirstOrDefault(l => l.Site == name).Key ?? "", "", isCore);
}
