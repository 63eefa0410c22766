using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Fleet;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>A fleet as the core tells it, for the real board.</summary>
internal static class Fleet
{
    private static readonly string[] Services = ["functions", "gateway", "ledger", "monitor", "records"];

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    /// <summary>Forty sites, of which one is offline, one silent, one has no room, one never came, and one lags in versions.</summary>
    public static void Tell(ConsoleSite site, long revision = 1, params SiteState[] others)
    {
        var named = others.ToDictionary(s => s.Name);
        var all = Enumerable.Range(1, 39).Select(i => $"clinic-{i:00}").Append("core").Select(n => named.GetValueOrDefault(n) ?? Usual(n));
        site.Host.Services(MonitorApp.AppId).GetRequiredService<FleetBoard>().Take(new FleetNews(revision, Now, [.. all]));
    }

    public static SiteState Fine(string name) => new()
    {
        Name = name,
        IsCore = name == "core",
        Liveness = Liveness.Live,
        Since = Now - TimeSpan.FromHours(400),
        LastSeen = Now - TimeSpan.FromSeconds(3),
        Skew = new ClockReading(TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(2)),
        BytesToday = 21_000_000,
        Budget = 100_000_000,
        Disk = new DiskRoom(61_000_000_000, 128_000_000_000),
        Services = [.. Services.Select(s => new ServiceHealth(s, "0.1.0", null))],
    };

    private static SiteState Usual(string name) => name switch
    {
        "clinic-17" => Fine(name) with
        {
            Liveness = Liveness.Offline, Since = Now - TimeSpan.FromMinutes(23), LastSeen = Now - TimeSpan.FromMinutes(24),
            Backlog = new Backlog(1204, 3_400_000, TimeSpan.FromMinutes(22)), Disk = new DiskRoom(12_000_000_000, 128_000_000_000),
        },
        "clinic-29" => Fine(name) with { Liveness = Liveness.Stale, Since = Now - TimeSpan.FromSeconds(70), LastSeen = Now - TimeSpan.FromSeconds(95), IsFlapping = true },
        "clinic-04" => Fine(name) with { Disk = new DiskRoom(2_000_000_000, 128_000_000_000), Services = Fine(name).Services.SetItem(4, new ServiceHealth("records", "0.1.0", "the journal can't be written: no space left on device")) },
        "clinic-33" => new SiteState { Name = name, Liveness = Liveness.Unseen, Since = Now - TimeSpan.FromDays(2) },
        "clinic-12" => Fine(name) with { VersionDrift = ["records 0.0.9, core 0.1.0"], Backlog = new Backlog(310, 900_000, TimeSpan.FromMinutes(3)), TimeToDrain = TimeSpan.FromMinutes(2) },
        "clinic-21" => Fine(name) with { Skew = new ClockReading(TimeSpan.FromSeconds(-41), TimeSpan.FromMilliseconds(20)), BytesToday = 96_000_000 },
        _ => Fine(name),
    };

    /// <summary>Alerts that fire: a site that is offline, and a latency that is new.</summary>
    public static async Task AlertAsync(ConsoleSite site)
    {
        var services = site.Host.Services(MonitorApp.AppId);
        var rules = services.GetRequiredService<AlertRules>().Rules;
        var (offline, late) = (rules.First(r => r.Name == "site-offline") with { For = TimeSpan.Zero }, rules.First(r => r.Name == "site-stale") with { For = TimeSpan.Zero });
        var mark = new AnomalyMark("clinic-08", "gateway", "http.server.request.duration", "", 4, Now - TimeSpan.FromMinutes(2), 1.4, 0.08, 0.02, 0.2, 0.7);
        await services.GetRequiredService<AlertBook>().TakeAsync(
            new Evaluation(
                [
                    new Finding(offline, "clinic-17", "", "", "silent for 23 minutes", "a report every 10 s", "/sites/clinic-17"),
                    new Finding(late, "clinic-29", "", "", "last report 95 s ago", "a report every 10 s", "/sites/clinic-29") { Similar = [mark] },
                ],
                ImmutableHashSet<string>.Empty),
            TestContext.Current.CancellationToken);
    }
}
