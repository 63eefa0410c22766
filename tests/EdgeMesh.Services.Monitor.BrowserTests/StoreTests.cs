using System.Globalization;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>What somebody sees whose page is open while the disk fails.</summary>
[Trait("Category", "Engines")]
public sealed class StoreTests(Chromium chromium)
{
    private const long MostPages = 4_294_967_294;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task Page_WhileTheDiskIsFull_SaysWhatIsLost_AndGoesOnOnceThereIsRoom()
    {
        await using var site = await ConsoleSite.StartAsync();
        await site.AddAsync(new TelemetryBatch { Logs = [Telemetry.Line(Now, "before")] });
        await using var window = await chromium.OpenAsync(site, path: "/console/logs");
        await FollowAsync(window);

        await PagesAsync(site.Store, 1);
        var full = await site.Store.AddAsync(new TelemetryBatch { Logs = [.. Enumerable.Range(0, 2000).Select(i => Telemetry.Line(Now, $"{new string('x', 500)} {i}"))] });
        Assert.Equal(AddOutcome.Failed, full.Outcome);
        var note = window.Page.Locator("[data-store-fails]");
        await Assertions.Expect(note).ToContainTextAsync("2,000 records");
        await Assertions.Expect(note).ToContainTextAsync("full");
        await Assertions.Expect(window.Page.Locator(".line").First).ToContainTextAsync("before");
        Assert.True(await window.FitsAsync());

        await PagesAsync(site.Store, MostPages);
        await site.AddAsync(new TelemetryBatch { Logs = [Telemetry.Line(Now, "after")] });
        await Assertions.Expect(window.Page.Locator(".line").First).ToContainTextAsync("after");
        await Assertions.Expect(note).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Page_WhoseStoreCantBeRead_SaysSo_AndGoesOnByItself()
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-console-").FullName;
        try
        {
            var file = Path.Combine(data, "monitor", "telemetry.db");
            Directory.CreateDirectory(file);
            await using var site = await ConsoleSite.StartAsync(data: data);
            await using var window = await chromium.OpenAsync(site, path: "/console/logs");
            await Assertions.Expect(window.Page.Locator(".fault")).ToContainTextAsync("does not answer");
            await FollowAsync(window);

            Directory.Delete(file);
            await site.AddAsync(new TelemetryBatch { Logs = [Telemetry.Line(Now.AddSeconds(-5), "it is back")] });

            await Assertions.Expect(window.Page.Locator(".line").First).ToContainTextAsync("it is back");
            await Assertions.Expect(window.Page.Locator(".fault")).ToHaveCountAsync(0);
            await Assertions.Expect(window.Page.Locator(".histogram figcaption")).Not.ToContainTextAsync("counting");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task Silence_ThatCantBeWritten_SaysSo_AndCanBeTriedAgain()
    {
        await using var site = await ConsoleSite.StartAsync();
        await Fleet.AlertAsync(site);
        await using var window = await chromium.OpenAsync(site, role: "operator", path: "/console/alerts");
        await AlertsTests.OpenSilenceAsync(window);
        await window.Page.GetByLabel("Why").FillAsync("works");
        using (site.Host.Faults.Fail(c => c is { Kind: CallKind.StateWrite, To: "heads" }))
        {
            await window.Page.Locator("form.silence").GetByRole(AriaRole.Button, new() { Name = "Silence" }).ClickAsync();
            await Assertions.Expect(window.Page.Locator("form.silence .fault")).ToContainTextAsync("nothing has changed");
        }

        await window.Page.Locator("form.silence").GetByRole(AriaRole.Button, new() { Name = "Silence" }).ClickAsync();
        await Assertions.Expect(window.Page.GetByText("silenced until").First).ToBeVisibleAsync();
        Assert.Single(site.Host.Services(MonitorApp.AppId).GetRequiredService<AlertBook>().Silences);
    }

    /// <summary>Shows lines as they are stored. A click that comes before the live connection does nothing.</summary>
    private static async Task FollowAsync(Window window)
    {
        for (var tries = 0; tries < 20 && await window.Page.Locator("[data-live][aria-pressed=true]").CountAsync() == 0; tries++)
        {
            await window.Page.GetByRole(AriaRole.Button, new() { Name = "Show live" }).ClickAsync();
            await Task.WhenAny(window.Page.Locator("[data-live][aria-pressed=true]").WaitForAsync(new() { Timeout = 2_000 }));
        }
    }

    private static Task PagesAsync(TelemetryStore store, long most) => store.RunAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count = {most}");
        command.ExecuteNonQuery();
    });
}
