using System.Net;
using System.Text.RegularExpressions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Console.Hosting;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Store;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Monitor.Tests.Console.Hosting;

public sealed class ConsoleHostTests
{
    private static readonly Caller Admin = new() { Kind = CallerKind.User, Subject = "ada", Site = TelemetrySite.Site, Roles = ["admin"] };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_MakesNoConsole_UntilSomebodyOpensIt()
    {
        await using var dapr = await StartAsync();
        var host = dapr.Services(MonitorApp.AppId).GetRequiredService<ConsoleHost>();
        using var client = Client(dapr);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Cancellation)).StatusCode);
        Assert.False(host.IsMade);

        using var page = await client.GetAsync("/console/sign-in", Cancellation);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("Your token", await page.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.True(host.IsMade);
    }

    [Fact]
    public async Task Core_DrawsItsFirstPagesAWhileAfterTheStart_AndNotBefore()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        var host = core.Get<ConsoleHost>();
        core.Clock.Advance(TimeSpan.FromSeconds(19));
        Assert.False(host.IsMade);

        core.Clock.Advance(TimeSpan.FromSeconds(2));

        await MonitorSite.UntilAsync(() => host.IsMade);
        Assert.Equal(StatusCodes.Status200OK, await host.DrawAsync("/"));
        Assert.Equal(StatusCodes.Status404NotFound, await host.DrawAsync("/nowhere"));
    }

    [Fact]
    public async Task Get_WithoutACaller_ShowsNothing_AndALiveConnectionIsRefused()
    {
        await using var dapr = await StartAsync();
        using var client = Client(dapr);
        foreach (var path in new[] { "/console/", "/console/logs", "/console/consents?patient=x", "/console/nowhere" })
        {
            using var page = await client.GetAsync(path, Cancellation);
            Assert.DoesNotMatch("<nav class=\"side\"[^>]*>\\s*<a", await page.Content.ReadAsStringAsync(Cancellation));
            Assert.True(page.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.NotFound, $"{path}: {page.StatusCode}");
        }

        using var live = await client.PostAsync("/console/_blazor/negotiate?negotiateVersion=1", null, Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, live.StatusCode);
    }

    [Fact]
    public async Task Get_WithAForgedCaller_IsRefused()
    {
        await using var dapr = await StartAsync();
        using var client = Client(dapr);
        client.DefaultRequestHeaders.Add(CallerTokens.Header, "forged");

        using var page = await client.GetAsync("/console/logs", Cancellation);

        Assert.Equal(HttpStatusCode.Unauthorized, page.StatusCode);
    }

    /// <summary>What is typed into an address may be anything.</summary>
    [Fact]
    public async Task Get_OfWhatCantBeRead_ShowsThePageAllTheSame()
    {
        await using var site = await TelemetrySite.StartAsync();
        var answers = new List<string>();
        foreach (var path in new[]
        {
            "logs?trace=abc", "logs?trace=4bf92f3577b34da6a3ce929d0e0e473g", "logs?from=abc&to=def", "logs?from=1&to=99999999999999999999", "logs?level=99&range=x&site=%00&q=%22", "traces?errors=yes&ms=abc&range=x",
            "traces?q=abc", "traces/abc", "traces/%2e%2e", "metrics?range=x&site=nowhere", "metrics/1?range=x", "sites/%22", "functions/%22", "ledger?entry=abc", "consents?receipt=%00", "consents?patient=%2e%2e", "sign-in?fault=x&next=%00",
        })
        {
            using var page = await site.SendAsync(HttpMethod.Get, $"console/{path}", Admin);
            if (page.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound))
            {
                answers.Add($"{path}: {(int)page.StatusCode}");
            }
        }

        Assert.Empty(answers);
    }

    [Fact]
    public async Task Trace_ThatIsNotHere_LeadsToTheLinesThatNameIt_AndWhatIsNone_ToNothing()
    {
        const string id = "4bf92f3577b34da6a3ce929d0e0e4736";
        await using var site = await TelemetrySite.StartAsync();
        await site.Store.AddAsync(new TelemetryBatch { Logs = [TemporaryStore.Line("named it") with { Time = TimeProvider.System.GetUtcNow(), TraceId = id }, TemporaryStore.Line("did not") with { Time = TimeProvider.System.GetUtcNow() }] });

        var link = Regex.Match(await PageAsync($"traces/{id.ToUpperInvariant()}"), "href=\"(logs\\?trace=[^\"]*)\"").Groups[1].Value;
        var lines = await PageAsync(WebUtility.HtmlDecode(link));

        Assert.Contains("named it", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("did not", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("logs?trace=", await PageAsync("traces/abc"), StringComparison.Ordinal);

        async Task<string> PageAsync(string path)
        {
            using var page = await site.SendAsync(HttpMethod.Get, $"console/{path}", Admin);
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            return await page.Content.ReadAsStringAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Assets_AreKeptForGood_UnderTheHashOfTheirContent_AndUnderNoOther()
    {
        await using var dapr = await StartAsync();
        using var client = Client(dapr);
        var path = ConsoleAssets.Path("console.js");

        using var known = await client.GetAsync($"/console/{path}", Cancellation);
        using var other = await client.GetAsync("/console/assets/000000000000/console.js", Cancellation);
        using var missing = await client.GetAsync(new Uri($"/console/{path.Replace("console.js", "appsettings.json", StringComparison.Ordinal)}", UriKind.Relative), Cancellation);

        Assert.Equal((HttpStatusCode.OK, "text/javascript"), (known.StatusCode, known.Content.Headers.ContentType!.MediaType));
        Assert.Contains("immutable", known.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (other.StatusCode, missing.StatusCode));
    }

    /// <summary>As anything on this machine has it: without the sidecar's token.</summary>
    private static HttpClient Client(DaprTestHost dapr) => new() { BaseAddress = new Uri(dapr.Settings(MonitorApp.AppId)["urls"]!) };

    private static Task<DaprTestHost> StartAsync() => DaprTestHost.StartAsync(new() { Apps = [new TestApp(MonitorApp.AppId, MonitorApp.Create)] }, Cancellation);
}
