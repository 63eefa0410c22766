using System.Diagnostics;
using EdgeMesh.Services.Monitor.Console.Hosting;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>How fast the console is on this machine, and that it is as fast as it must be where nothing else runs: a page that was drawn before within
/// a second, and news within a second. By hand, as the machine must be quiet: <c>./edgemesh bench telemetry</c>, which compiles this ahead of time, as a
/// site is for those who run it, and holds the first visit to a second too. Compiled as it runs, that takes twice as long.</summary>
public sealed class ConsoleFigures(Chromium chromium)
{
    private const double Second = 1000;
    private const string Paint = "() => new Promise(known => new PerformanceObserver(list => list.getEntriesByName('first-contentful-paint').forEach(paint => known(paint.startTime))).observe({ type: 'paint', buffered: true }))";

    /// <summary>Each in a process of its own, for what is compiled once is compiled for all: <c>-method "*FirstVisit_Cold"</c>, then <c>"*FirstVisit_Warm"</c>.</summary>
    [Fact(Explicit = true)]
    [Trait("Category", "Engines")]
    public Task FirstVisit_Cold() => FirstVisitAsync(warmSeconds: 0);

    [Fact(Explicit = true)]
    [Trait("Category", "Engines")]
    public Task FirstVisit_Warm() => FirstVisitAsync(warmSeconds: 1);

    /// <summary>As people run it: <c>./edgemesh up</c>, then, with the site's door in <c>EDGEMESH_CONSOLE</c> and a token of <c>./edgemesh token</c> in
    /// <c>EDGEMESH_CONSOLE_TOKEN</c>, <c>-method "*OfASiteThatRuns"</c>. The tests' own sites are compiled as they run.</summary>
    [Fact(Explicit = true)]
    [Trait("Category", "Engines")]
    public async Task FirstVisit_OfASiteThatRuns()
    {
        var environment = Environment.GetEnvironmentVariables();
        await using var window = await chromium.OpenAsync(new Uri((string)environment["EDGEMESH_CONSOLE"]!));
        await VisitAsync(window);
        await window.SignInAsync((string)environment["EDGEMESH_CONSOLE_TOKEN"]!);
        await PaintedAsync(window, "fleet");
        await window.Page.ReloadAsync();
        await PaintedAsync(window, "fleetAgain", Second);
    }

    [Fact]
    [Trait("Category", "Engines")]
    [Trait("Category", "Long")]
    public async Task Figures_OfFortySites_AndAMillionLines()
    {
        await using var site = await ConsoleSite.StartAsync(sites: 40);
        Fleet.Tell(site);
        var host = site.Host.Services(MonitorApp.AppId).GetRequiredService<ConsoleHost>();
        await using var window = await chromium.OpenAsync(site, role: null);
        Assert.False(host.IsMade);
        await VisitAsync(window);
        await window.SignInAsync(site.Token("admin"));
        await PaintedAsync(window, "fleet");
        await window.Page.ReloadAsync();
        await PaintedAsync(window, "fleetAgain", Second);

        await window.Page.WaitForTimeoutAsync(2000);
        var delays = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var name = $"clinic-{(i % 2 == 0 ? "05" : "06")}";
            await window.Page.EvaluateAsync("name => { window.__seen = null; window.__watch?.disconnect(); window.__watch = new MutationObserver(() => { if (!window.__seen && document.querySelector('.map li').textContent.includes(name)) window.__seen = Date.now(); }); window.__watch.observe(document.querySelector('.map'), { childList: true, subtree: true, characterData: true }); }", name);
            var told = TimeProvider.System.GetUtcNow();
            Fleet.Tell(site, 10 + i, Fleet.Fine(name) with { Liveness = Liveness.Offline, Since = told - TimeSpan.FromHours(9), LastSeen = told - TimeSpan.FromHours(9), Disk = new DiskRoom(1, 100) });
            await window.Page.WaitForFunctionAsync("() => window.__seen");
            delays.Add(await window.Page.EvaluateAsync<long>("() => window.__seen") - told.ToUnixTimeMilliseconds());
        }

        Figure.Print("newsMedianMilliseconds", delays.Order().ElementAt(10));
        Figure.Print("newsLongestMilliseconds", delays.Max());
        Assert.InRange(delays.Max(), 0, Second);

        var filling = Stopwatch.StartNew();
        foreach (var lines in Telemetry.Day(TimeProvider.System.GetUtcNow(), 1_000_000).Chunk(5000).Reverse())
        {
            await site.AddAsync(new TelemetryBatch { Logs = lines });
        }

        Figure.Print("storingSeconds", filling.Elapsed.TotalSeconds);
        await window.GoAsync("logs");
        await PaintedAsync(window, "logs");
        await window.GoAsync("logs?level=Error");
        await PaintedAsync(window, "errors", Second);
        await window.GoAsync("logs?q=nowhere-to-be-found");
        await PaintedAsync(window, "unknownWord", Second);
    }

    private async Task FirstVisitAsync(int warmSeconds)
    {
        await using var site = await ConsoleSite.StartAsync(warmSeconds: warmSeconds);
        var host = site.Host.Services(MonitorApp.AppId).GetRequiredService<ConsoleHost>();
        await using var window = await chromium.OpenAsync(site, role: null);
        await window.Page.WaitForTimeoutAsync(10_000);
        Assert.Equal(warmSeconds > 0, host.IsMade);
        await VisitAsync(window, warmSeconds > 0 ? Second : null);
        await window.SignInAsync(site.Token("admin"));
        await PaintedAsync(window, "fleet", warmSeconds > 0 ? Second : null);
    }

    private static async Task VisitAsync(Window window, double? limit = null)
    {
        // The browser's own start, which keeps both processors busy, is not the console's.
        await window.Page.GotoAsync("data:text/html,<p>before");
        await window.Page.WaitForTimeoutAsync(3000);
        await window.Page.GotoAsync("/console/sign-in");
        await PaintedAsync(window, "firstVisit", limit);
    }

    /// <param name="window">The page.</param>
    /// <param name="what">What it shows.</param>
    /// <param name="limit">In milliseconds; null: it was not drawn before.</param>
    private static async Task PaintedAsync(Window window, string what, double? limit = null)
    {
        var took = await window.Page.EvaluateAsync<double>(Paint);
        Figure.Print(what + "Milliseconds", took);
        Assert.True(limit is null || took <= limit, FormattableString.Invariant($"{what} was painted after {took:0} ms"));
    }
}
