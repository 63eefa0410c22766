using EdgeMesh.Services.Gateway;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

[Trait("Category", "Engines")]
public sealed class ConnectionTests(Chromium chromium)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Page_WhenTheSessionEnds_LeadsToWhereOneSignsIn()
    {
        await using var site = await ConsoleSite.StartAsync();
        await using var window = await chromium.OpenAsync(site, role: null);
        window.Expected.AddRange(["WebSocket", "Failed to load resource", "Connection disconnected", "Failed to complete negotiation", "Failed to start the connection", "Error: "]);

        // What is over for half a minute still counts: this session has some seconds left, of which signing in may take most.
        await window.SignInAsync(site.Token("operator", TimeSpan.FromSeconds(-15)), "/console/logs");

        await window.Page.GetByLabel("Your token").WaitForAsync(new() { Timeout = 60_000 });
        Assert.Contains("next=%2Fconsole%2Flogs", window.Page.Url, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(MonitorApp.AppId)]
    [InlineData(GatewayApp.AppId)]
    public async Task Page_WhenTheServerRestarts_SaysSo_AndComesBackByItself_StillSignedIn(string app)
    {
        await using var site = await ConsoleSite.StartAsync();
        await using var window = await chromium.OpenAsync(site, path: "/console/logs");
        window.Expected.AddRange(["WebSocket", "Failed to load resource", "Connection disconnected", "Failed to complete negotiation", "Failed to start the connection", "ERR_CONNECTION"]);
        await Assertions.Expect(window.Page.Locator(".histogram figcaption")).Not.ToContainTextAsync("counting");

        await site.Host.StopAppAsync(app);
        await Assertions.Expect(window.Page.Locator("#lost")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await site.Host.StartAppAsync(app, Cancellation);

        await Assertions.Expect(window.Page.Locator("#lost")).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(window.Page.Locator(".histogram figcaption")).Not.ToContainTextAsync("counting");
        await site.AddAsync(new TelemetryBatch { Logs = [Telemetry.Line(TimeProvider.System.GetUtcNow(), "after the restart")] });
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Assertions.Expect(window.Page.Locator(".line").First).ToContainTextAsync("after the restart");
    }
}
