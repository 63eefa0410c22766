using System.Net;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Console.Hosting;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Monitor.Tests.Console.Hosting;

public sealed class ConsoleHostTests
{
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
