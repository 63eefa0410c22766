using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>Pictures of every page, for people who change how they look. By hand:
/// <c>EDGEMESH_SCREENS=DIR dotnet run -c Release --project tests/EdgeMesh.Services.Monitor.BrowserTests -- -explicit only</c>.</summary>
public sealed class Screens(Chromium chromium)
{
    private static readonly string[] Pages = ["", "sites/clinic-17", "alerts", "services", "logs", "traces", "metrics", "functions", "functions/greeter", "ledger", "consents"];

    private static string Folder => Directory.CreateDirectory(Environment.GetEnvironmentVariable("EDGEMESH_SCREENS") ?? Path.Combine(Path.GetTempPath(), "edgemesh-screens")).FullName;

    [Fact(Explicit = true)]
    [Trait("Category", "Engines")]
    public async Task Shoot_EveryPage()
    {
        await using var whole = new WholeSite(sites: 40);
        await whole.InitializeAsync();
        var site = whole.Site;
        await FillAsync(site);
        await whole.WriteAsync();
        await FunctionsConsole.DeployAllAsync(site);
        await ShootAsync(site.Door, site.Token("admin"), [.. Pages, "traces/" + Telemetry.TraceId(3)]);
    }

    /// <summary>Of a site that runs: its door is in <c>EDGEMESH_CONSOLE</c>, a token of <c>./edgemesh token</c> in <c>EDGEMESH_CONSOLE_TOKEN</c>.</summary>
    [Fact(Explicit = true)]
    [Trait("Category", "Engines")]
    public Task Shoot_ASiteThatRuns() =>
        ShootAsync(new Uri(Environment.GetEnvironmentVariable("EDGEMESH_CONSOLE")!), Environment.GetEnvironmentVariable("EDGEMESH_CONSOLE_TOKEN")!, [.. Pages.Where(p => !p.Contains('/', StringComparison.Ordinal)), "sites/core"]);

    private async Task ShootAsync(Uri door, string token, string[] pages)
    {
        foreach (var (name, isPhone, isDark) in new[] { ("light", false, false), ("dark", false, true), ("phone", true, false), ("phone-dark", true, true) })
        {
            await using var window = await chromium.OpenAsync(door, isPhone, isDark);
            await window.Page.GotoAsync("/console/");
            await window.ShootAsync(Path.Combine(Folder, $"sign-in-{name}.png"));
            await window.SignInAsync(token);
            foreach (var page in pages)
            {
                await window.GoAsync(page);
                await window.Page.WaitForTimeoutAsync(700);
                await window.ShootAsync(Path.Combine(Folder, $"{(page.Length == 0 ? "fleet" : page.Replace('/', '-'))}-{name}.png"));
            }
        }
    }

    internal static async Task FillAsync(ConsoleSite site)
    {
        var now = TimeProvider.System.GetUtcNow();
        Fleet.Tell(site);
        await Fleet.AlertAsync(site);
        foreach (var lines in Telemetry.Day(now, 20_000).Reverse().Chunk(2000))
        {
            await site.AddAsync(new TelemetryBatch { Logs = lines });
        }

        await site.AddAsync(new TelemetryBatch
        {
            Spans = [.. Enumerable.Range(1, 40).SelectMany(i => Telemetry.Trace(i, now - TimeSpan.FromMinutes(i * 7), i % 9 == 3))],
            Samples =
            [
                .. Telemetry.Series(now, "http.server.request.duration", "s", SeriesKinds.P95, i => i is 41 or 42 ? 1.9 : 0.06 + (0.03 * Math.Sin(i / 6.0))),
                .. Telemetry.Series(now, "http.server.request.duration", "{request}/s", SeriesKinds.Rate, i => 22 + (9 * Math.Sin(i / 9.0)) + (i % 5)),
                .. Telemetry.Series(now, "process.memory.usage", "By", SeriesKinds.Gauge, i => 88_000_000 + (i * 190_000), "records"),
                .. Telemetry.Series(now, "edgemesh.backlog.records", "{record}", SeriesKinds.Gauge, i => i < 30 ? 0 : (i - 30) * 41, "records"),
            ],
        });
    }
}
