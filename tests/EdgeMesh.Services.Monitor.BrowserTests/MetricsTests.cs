using System.Globalization;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

[Trait("Category", "Engines")]
public sealed class MetricsTests(Chromium chromium, SharedConsole shared) : IClassFixture<SharedConsole>
{
    private const string Series = "messaging.jumps";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exemplar_OfALatency_LeadsToItsTrace(bool isPhone)
    {
        await using var window = await chromium.OpenAsync(shared.Site, isPhone: isPhone, path: "/console/metrics?q=request.duration");
        await Assertions.Expect(window.Page.Locator(".charts .card")).ToHaveCountAsync(2);

        await window.Page.Locator(".charts h2 a").First.ClickAsync();
        await window.Page.Locator(".tall .plot").WaitForAsync();
        await window.Page.Locator(".plot a").First.FocusAsync();
        await window.Page.Keyboard.PressAsync("Enter");

        await window.ArriveAsync("/console/traces/");
        await Assertions.Expect(window.Page.Locator(".span")).ToHaveCountAsync(8);
        Assert.True(await window.FitsAsync());
    }

    [Fact]
    public async Task Anomaly_OfASeries_IsMarkedOnItsCharts_AndSaysWhatWasExpected()
    {
        await LearnAsync(shared.Site);
        await using var window = await chromium.OpenAsync(shared.Site, path: $"/console/metrics?q={Series}");
        await Assertions.Expect(window.Page.Locator(".charts .card h2")).ToContainTextAsync("1 mark");
        await Assertions.Expect(window.Page.Locator(".charts .plot .anomaly title")).ToContainTextAsync("100 came, about 10");

        await window.Page.Locator(".charts h2 a").ClickAsync();

        var mark = window.Page.Locator(".tall .plot .anomaly");
        await Assertions.Expect(mark).ToHaveCountAsync(1);
        await Assertions.Expect(window.Page.Locator(".tall .plot .anomaly-time")).ToHaveCountAsync(1);
        // Some minutes before the right end of the hour.
        Assert.InRange(double.Parse((await mark.GetAttributeAsync("d"))![1..].Split(' ')[0], CultureInfo.InvariantCulture), 450, 570);
        await Assertions.Expect(window.Page.GetByRole(AriaRole.Table, new() { Name = "Anomalies" }).Locator("tbody tr")).ToContainTextAsync("100");
        Assert.True(await window.FitsAsync());
    }

    /// <summary>The site goes on with what it knew of a series before its last stop: steady for two hours and a half, then a jump.</summary>
    private static async Task LearnAsync(ConsoleSite site)
    {
        const int minutes = 150;
        var services = site.Host.Services(MonitorApp.AppId);
        var start = WatchedSeries.Floor(TimeProvider.System.GetUtcNow()).AddMinutes(-minutes - 5);
        await site.AddAsync(new TelemetryBatch
        {
            Samples = [.. Enumerable.Range(0, minutes + 1).Select(m => new SeriesSample(ConsoleSite.Name, "records", Series, "", SeriesKinds.Gauge, new Dictionary<string, string>(), start.AddMinutes(m), m == minutes ? 100 : 10 + (m % 3 * 0.1), null))],
        });
        var clock = new FakeTimeProvider(start);
        var before = new AnomalyWatch(site.Store, new AnomalyOptions { Series = [Series] }, services.GetRequiredService<SiteIdentity>(), clock);
        for (var m = 0; m <= minutes; m += 50)
        {
            clock.SetUtcNow(start.AddMinutes(m + 1) + AnomalyWatch.Settle);
            before.Look();
        }

        before.Save();
        var watch = services.GetRequiredService<AnomalyWatch>();
        watch.Load();
        watch.Look();
    }
}
