using System.Diagnostics.Metrics;
using System.Net;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Telemetry;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests.Fleet;

/// <summary>A site that is no core, and what it knows while its link is up, down, and up again.</summary>
public sealed class EdgeSiteTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A report that found no gateway yet is made again by the site's clock.</summary>
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Site_ReportsToTheCore_AndBothShowTheFleet()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await core.ReportAsync("clinic-b", new SiteReport { Time = MonitorSite.Start });
        await using var site = await MonitorSite.StartAsync("clinic-a", (_, report) => core.ReportAsync("clinic-a", report));

        await site.AdvanceUntilAsync(Second, () => core.State("clinic-a").Liveness == Liveness.Live && site.State("clinic-b").Liveness == Liveness.Live);
        Assert.Equal(MonitorSite.Start, site.State("clinic-b").KnownAsOf);
        Assert.Equal((Liveness.Live, (DateTimeOffset?)null), (site.State("clinic-a").Liveness, site.State("clinic-a").KnownAsOf));
        Assert.Equal(TimeSpan.Zero, site.Board.CutOffFor);
        Assert.Contains(core.State("clinic-a").Services, s => s.Name == "monitor");
        Assert.Empty(core.State("clinic-a").VersionDrift);
        Assert.Equal(core.State(MonitorSite.Core).ConfigurationDrift, core.State("clinic-a").ConfigurationDrift);

        // The next report tells the core what the first exchange measured.
        await site.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => core.State("clinic-a").Skew is not null);
    }

    [Fact]
    public async Task Telemetry_ThatWaitsForTheLink_IsInTheReport()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await using var site = await MonitorSite.StartAsync("clinic-a", (_, report) => core.ReportAsync("clinic-a", report));
        var line = new LogLine(0, MonitorSite.Start, "clinic-a", "records", LogLevel.Error, new string('x', 1000), null, null, new Dictionary<string, string>());
        await site.Store.AddAsync(new TelemetryBatch { Logs = [line, line with { Time = MonitorSite.Start.AddMilliseconds(1) }] });

        await site.AdvanceUntilAsync(TimeSpan.FromSeconds(5), () => core.State("clinic-a").Backlog is { Records: 2, Bytes: > 0 } backlog && backlog.OldestAge > TimeSpan.FromSeconds(30), () => $"{core.State("clinic-a").Backlog}");
        Assert.Equal(64L * 1024 * 1024, core.State("clinic-a").Budget);
        Assert.Null(core.State(MonitorSite.Core).Budget);
    }

    /// <summary>Of two processes, by the names of what processes measure: one that was renamed would read as nothing that waits.</summary>
    [Fact]
    public async Task LogRecords_ThatWaitForTheIndex_AreInTheReport()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await using var site = await MonitorSite.StartAsync("clinic-a", (_, report) => core.ReportAsync("clinic-a", report));
        var spool = SpoolGauges();
        await site.Store.AddAsync(new TelemetryBatch
        {
            Samples =
            [
                Sample("records", spool["{record}"], 40), Sample("records", spool["By"], 5000), Sample("records", spool["s"], 60),
                Sample("gateway", spool["{record}"], 2), Sample("gateway", spool["By"], 700), Sample("gateway", spool["s"], 7200),
            ],
        });

        await site.AdvanceUntilAsync(Second, () => core.State("clinic-a").Backlog == new Backlog(42, 5700, TimeSpan.FromHours(2)), () => $"{core.State("clinic-a").Backlog}");

        SeriesSample Sample(string service, string name, double value) =>
            new("clinic-a", service, name, "", SeriesKinds.Gauge, new Dictionary<string, string>(), site.Clock.GetUtcNow(), value, null);
    }

    [Fact]
    public async Task Alerts_OfASite_AreAtTheCoreWhileTheyFire_AndNotInWhatItTellsOthers()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await using var site = await MonitorSite.StartAsync("clinic-a", (_, report) => core.ReportAsync("clinic-a", report), settings: ("Alerts:LookSeconds", "3600"));
        var rule = Alerting.Rules.Rule("disk-low", severity: Severity.Critical);
        await site.Alerts.TakeAsync(new([.. Enumerable.Range(0, 7).Select(i => new Finding(rule, "clinic-a", "records", $"{i}", new string('x', 600), "", "/sites/clinic-a")), new Finding(rule, MonitorSite.Core, "", "", "", "", "/")], []), Cancellation);

        await site.AdvanceUntilAsync(Second, () => core.State("clinic-a").Firing == 7);

        var told = core.State("clinic-a").Alerts;
        Assert.Equal(SiteAlerts.MostTold, told.Length);
        Assert.All(told, a => Assert.Equal(("disk-low", Severity.Critical, "records", SiteAlerts.LongestSummary), (a.Rule, a.Severity, a.Service, a.Summary.Length)));
        var news = (await core.ReportAsync("clinic-b", new SiteReport { Time = MonitorSite.Start })).News!.Sites.Single(s => s.Name == "clinic-a");
        Assert.Equal((7, 0), (news.Firing, news.Alerts.Length));

        await site.Alerts.TakeAsync(new([], []), Cancellation);
        await site.AdvanceUntilAsync(Second, () => core.State("clinic-a") is { Firing: 0, Alerts.IsEmpty: true });
    }

    [Fact]
    public async Task Clock_ThatIsAhead_IsMeasured()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(MonitorSite.Start.AddMinutes(5));
        await using var site = await MonitorSite.StartAsync("clinic-a", (_, report) => core.ReportAsync("clinic-a", report), clock);
        await site.AdvanceUntilAsync(TimeSpan.FromSeconds(5), () => core.State("clinic-a").Skew is not null);

        // The site's clock was moved meanwhile, and the core's was not.
        var skew = core.State("clinic-a").Skew!.Value;
        Assert.InRange(skew.Ahead, TimeSpan.FromMinutes(5) - skew.Error, clock.GetUtcNow() - core.Clock.GetUtcNow() + skew.Error);
    }

    [Fact]
    public async Task CutOff_ShowsHowOldTheRestIs_AndTheCoreStaleThenOffline_AndCatchesUp()
    {
        var isUp = true;
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await using var site = await MonitorSite.StartAsync("clinic-a", (_, report) =>
            Volatile.Read(ref isUp) ? core.ReportAsync("clinic-a", report) : Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)));
        await site.AdvanceUntilAsync(Second, () => site.State("clinic-b").KnownAsOf is not null);

        Volatile.Write(ref isUp, false);
        await site.AdvanceUntilAsync(TimeSpan.FromSeconds(20), () => site.State(MonitorSite.Core).Liveness == Liveness.Offline);
        Assert.Equal(Liveness.Live, site.State("clinic-a").Liveness);
        Assert.True(site.Board.CutOffFor >= TimeSpan.FromMinutes(5));
        Assert.Equal(MonitorSite.Start, site.State("clinic-b").KnownAsOf);

        await core.ReportAsync("clinic-b", new SiteReport { Time = MonitorSite.Start });
        Volatile.Write(ref isUp, true);
        await site.AdvanceUntilAsync(Second, () => site.State(MonitorSite.Core).Liveness == Liveness.Live && site.State("clinic-b").Liveness == Liveness.Live);
        Assert.Equal(TimeSpan.Zero, site.Board.CutOffFor);
        Assert.Contains(site.Board.History("clinic-b", DateTimeOffset.MinValue, DateTimeOffset.MaxValue), c => c.To == Liveness.Live);
        Assert.Contains(site.Board.History(MonitorSite.Core, DateTimeOffset.MinValue, DateTimeOffset.MaxValue), c => c.To == Liveness.Offline);
    }

    [Fact]
    public async Task RestartWhileCutOff_StillKnowsTheRest_AndHowOldItIs()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-monitor-").FullName;
        try
        {
            await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
            await core.ReportAsync("clinic-b", new SiteReport { Time = MonitorSite.Start });
            var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(MonitorSite.Start);
            await using (var before = await MonitorSite.StartAsync("clinic-a", (_, report) => core.ReportAsync("clinic-a", report), clock, folder, SqliteComponents.Yaml))
            {
                await before.AdvanceUntilAsync(Second, () => before.State("clinic-b").Liveness == Liveness.Live);
                await MonitorSite.UntilAsync(() => before.Host.Calls.Of(Testing.CallKind.StateWrite).Any(c => c.To == "heads"));
            }

            clock.Advance(TimeSpan.FromHours(3));
            await using var site = await MonitorSite.StartAsync("clinic-a", null, clock, folder, SqliteComponents.Yaml);
            await MonitorSite.UntilAsync(() => site.State("clinic-b").Liveness == Liveness.Live);
            Assert.Equal(MonitorSite.Start, site.State("clinic-b").KnownAsOf);
            await site.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => site.State(MonitorSite.Core).Liveness == Liveness.Stale);
            Assert.True(site.Board.CutOffFor > TimeSpan.FromHours(3));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What log shipping tells of its backlog: the instruments' names by their units.</summary>
    private static Dictionary<string, string> SpoolGauges()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-spool-");
        try
        {
            using var shipping = LogShipping.Take(new() { Url = new("http://127.0.0.1:1"), Spool = new() { Folder = folder.FullName } }, new("clinic-a", "records"), TimeProvider.System);
            var names = new Dictionary<string, string>();
            using var listener = new MeterListener
            {
                InstrumentPublished = (instrument, _) =>
                {
                    if (instrument.Meter.Name == "EdgeMesh.Telemetry" && instrument.Name.Contains("backlog", StringComparison.Ordinal))
                    {
                        names[instrument.Unit ?? ""] = instrument.Name;
                    }
                },
            };
            listener.Start();
            return names;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
