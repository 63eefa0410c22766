using System.Net;
using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Tests.Fleet;

/// <summary>The core's monitor: actors of the sites behind a real sidecar.</summary>
public sealed class CoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Report_OfASite_IsOnTheBoard_AndAnsweredWithTheFleetAndBothClocks()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await MonitorSite.UntilAsync(() => core.State(MonitorSite.Core).Liveness == Liveness.Live);
        var answer = await core.ReportAsync("clinic-a", Report() with { Backlog = new(12, 3400, TimeSpan.FromMinutes(3)), Clock = new(TimeSpan.FromSeconds(4), TimeSpan.FromMilliseconds(20)) });

        var a = core.State("clinic-a");
        Assert.Equal((Liveness.Live, MonitorSite.Start, 12, TimeSpan.FromSeconds(4)), (a.Liveness, a.LastSeen!.Value, a.Backlog.Records, a.Skew!.Value.Ahead));
        Assert.Equal((MonitorSite.Start, MonitorSite.Start), (answer.Received, answer.Answered));
        Assert.Equal([("clinic-a", Liveness.Live), ("clinic-b", Liveness.Unseen), ("core", Liveness.Live)], answer.News!.Sites.Select(s => (s.Name, s.Liveness)));
        Assert.Null((await core.ReportAsync("clinic-a", Report() with { KnownRevision = answer.News.Revision })).News);
    }

    [Fact]
    public async Task Core_ReportsItself_WithItsServices()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await MonitorSite.UntilAsync(() => core.State(MonitorSite.Core).Liveness == Liveness.Live);
        var self = core.State(MonitorSite.Core);
        var monitor = Assert.Single(self.Services);
        Assert.Equal("monitor", monitor.Name);
        Assert.NotEqual("", monitor.Version);
        Assert.InRange(self.Disk.FreeShare!.Value, 0, 1);
        Assert.Empty(self.ConfigurationDrift);
    }

    [Fact]
    public async Task Silence_OfASite_IsNoticedByItsDeadMansTimer_AndEndsWithAReport()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await core.ReportAsync("clinic-a", Report());
        await core.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => core.State("clinic-a").Liveness == Liveness.Stale);
        Assert.Equal(MonitorSite.Start.AddSeconds(90), core.State("clinic-a").Since);
        await core.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => core.State("clinic-a").Liveness == Liveness.Offline);
        Assert.Equal(MonitorSite.Start.AddSeconds(300), core.State("clinic-a").Since);
        Assert.Equal(Liveness.Unseen, core.State("clinic-b").Liveness);

        await core.ReportAsync("clinic-a", Report());
        Assert.Equal(Liveness.Live, core.State("clinic-a").Liveness);
        await core.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => core.State("clinic-a").Liveness == Liveness.Stale);
    }

    [Fact]
    public async Task Silence_OfASiteWhoseReminderWasLost_IsNoticedAllTheSame()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        await core.ReportAsync("clinic-a", Report());
        using var sidecar = core.Host.SidecarClient(MonitorApp.AppId);
        using var gone = await sidecar.DeleteAsync($"v1.0/actors/{SiteActor.Type}/clinic-a/reminders/silence", TestContext.Current.CancellationToken);
        Assert.True(gone.IsSuccessStatusCode);

        await core.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => core.State("clinic-a").Liveness == Liveness.Stale);
    }

    [Fact]
    public async Task Timer_IsNotMovedByReports_AndFiresForTheSilenceAfterTheLast()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        for (var i = 0; i < 10; i++)
        {
            await core.ReportAsync("clinic-a", Report());
            core.Clock.Advance(TimeSpan.FromSeconds(30));
        }

        var last = core.State("clinic-a").LastSeen!.Value;
        Assert.Equal(MonitorSite.Start.AddSeconds(270), last);
        await core.AdvanceUntilAsync(TimeSpan.FromSeconds(5), () => core.State("clinic-a").Liveness == Liveness.Stale);
        Assert.Equal(last.AddSeconds(90), core.State("clinic-a").Since);
        Assert.Equal([Liveness.Live, Liveness.Stale], core.Board.History("clinic-a", MonitorSite.Start, DateTimeOffset.MaxValue).Select(c => c.To));
    }

    /// <summary>Of the service, of the whole site, and after a crash: then only what was on the disk at that moment is left.</summary>
    [Theory]
    [InlineData("service")]
    [InlineData("site")]
    [InlineData("crash")]
    public async Task Restart_KeepsWhatWasKnown_AndCountsSilenceFromThen(string how)
    {
        var (folder, crashed) = (Directory.CreateTempSubdirectory("edgemesh-monitor-").FullName, Directory.CreateTempSubdirectory("edgemesh-monitor-").FullName);
        try
        {
            var core = await MonitorSite.StartAsync(MonitorSite.Core, data: folder, resources: SqliteComponents.Yaml);
            var clock = core.Clock;
            await core.ReportAsync("clinic-a", Report() with { Backlog = new(77, 1, TimeSpan.Zero) });
            await core.AdvanceUntilAsync(TimeSpan.FromSeconds(30), () => core.State("clinic-a").Liveness == Liveness.Offline);
            await core.ReportAsync("clinic-b", Report());
            var history = core.Board.History("clinic-a", MonitorSite.Start, DateTimeOffset.MaxValue);
            if (how == "service")
            {
                await core.Host.StopAppAsync(MonitorApp.AppId);
                clock.Advance(TimeSpan.FromHours(1));
                await core.Host.StartAppAsync(MonitorApp.AppId, Cancellation);
            }
            else
            {
                CopyFiles(folder, crashed);
                await core.DisposeAsync();
                clock.Advance(TimeSpan.FromHours(1));
                core = await MonitorSite.StartAsync(MonitorSite.Core, clock: clock, data: how == "crash" ? crashed : folder, resources: SqliteComponents.Yaml);
            }

            await using var again = core;
            await MonitorSite.UntilAsync(() => again.State("clinic-b").Liveness != Liveness.Unseen);
            Assert.Equal((Liveness.Offline, 77), (again.State("clinic-a").Liveness, again.State("clinic-a").Backlog.Records));
            Assert.Equal(history, again.Board.History("clinic-a", MonitorSite.Start, DateTimeOffset.MaxValue));

            // Nobody listened for an hour: that proves nothing against clinic-b.
            Assert.Equal(Liveness.Live, again.State("clinic-b").Liveness);
            var resumed = again.Clock.GetUtcNow();
            await again.AdvanceUntilAsync(TimeSpan.FromSeconds(10), () => again.State("clinic-b").Liveness == Liveness.Stale);
            Assert.True(again.State("clinic-b").Since >= resumed.AddSeconds(90));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            Directory.Delete(crashed, recursive: true);
        }
    }

    [Fact]
    public async Task SimilarAnomalies_OfAnotherSite_AreInTheAnswer_AlsoWhenTheyComeLater()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        var mark = new AnomalyMark("", "records", "http p95", "", 4, MonitorSite.Start, 9, 1, 0, 2, 0.6);
        Assert.Empty((await core.ReportAsync("clinic-a", Report() with { Marks = [mark] })).Similar);
        Assert.Equal("clinic-a", Assert.Single((await core.ReportAsync("clinic-b", Report() with { Marks = [mark with { SeriesId = 8 }] })).Similar).Site);
        Assert.Equal(("clinic-b", 8), (await core.ReportAsync("clinic-a", Report())).Similar.Select(m => (m.Site, (int)m.SeriesId)).Single());
    }

    [Fact]
    public async Task Report_FromAnybodyButASite_IsRefused()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        var body = "{}"u8.ToArray();
        var site = new Caller { Kind = CallerKind.Site, Subject = "clinic-a", Site = "clinic-a" };
        foreach (var caller in (Caller?[])[null, site with { Kind = CallerKind.User, Subject = "ada" }, site with { Subject = "nobody", Site = "nobody" }])
        {
            using var answer = await core.PostAsync("mesh/monitor/report", body, caller);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }

        Assert.Equal(Liveness.Unseen, core.State("clinic-a").Liveness);
    }

    [Theory]
    [InlineData("null", "it is null")]
    [InlineData("{", "report-malformed")]
    [InlineData("{}", "report-malformed")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","services":[null]}""", "a part is null")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","backlog":{"records":-1,"bytes":0,"oldestAge":"00:00:00"}}""", "below 0")]
    [InlineData("""{"time":"2026-03-01T12:00:00Z","configuration":{"x":null}}""", "a text is null")]
    public async Task Report_ThatCantBe_IsRefusedWithAReason(string report, string why)
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        using var answer = await core.ReportAsync("clinic-a", Encoding.UTF8.GetBytes(report));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(why, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_OfASiteOfAnotherVersion_IsTaken_WithWhatItSays()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        using var answer = await core.ReportAsync("clinic-a", """{"time":"2026-03-01T12:00:00Z","bytesToday":7,"mood":"fine"}"""u8.ToArray());
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal((Liveness.Live, 7, 0), (core.State("clinic-a").Liveness, core.State("clinic-a").BytesToday, core.State("clinic-a").Backlog.Records));
    }

    [Fact]
    public async Task Report_ThatIsTooLarge_IsRefused_AndOneAtTheLimitsIsTaken()
    {
        await using var core = await MonitorSite.StartAsync(MonitorSite.Core);
        using var large = await core.ReportAsync("clinic-a", new byte[ReportLimits.MostBytes + 1]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);

        var mark = new AnomalyMark("", "records", new string('s', 500), new string('l', 500), 4, MonitorSite.Start, 9, 1, 0, 2, 0.6);
        await core.ReportAsync("clinic-a", Report() with
        {
            Services = [.. Enumerable.Range(0, 64).Select(i => new ServiceHealth($"service-{i}", "1.0", new string('w', 200)))],
            Marks = [.. Enumerable.Range(0, ReportLimits.MostMarks).Select(i => mark with { SeriesId = i })],
        });
        Assert.Equal(64, core.State("clinic-a").Services.Length);
    }

    [Fact]
    public async Task Report_ToASiteThatIsNoCore_IsRefused()
    {
        await using var site = await MonitorSite.StartAsync("clinic-b");
        using var answer = await site.ReportAsync("clinic-a", "{}"u8.ToArray());
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("not-a-core", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    /// <summary>What a crash leaves: the files as they are, without the locks of who held them.</summary>
    private static void CopyFiles(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".owner", StringComparison.Ordinal)))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private static SiteReport Report() => new() { Time = MonitorSite.Start };
}
