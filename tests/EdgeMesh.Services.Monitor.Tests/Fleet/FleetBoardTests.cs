using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Anomalies;
using EdgeMesh.Services.Monitor.Fleet;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Monitor.Tests.Fleet;

public sealed class FleetBoardTests
{
    private static readonly LivenessRules Rules = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    private DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public void Sites_OfACoreThatHeardNothing_AreAllThereAndUnseen()
    {
        var from = Now;
        var board = Board("core");
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal([("a", Liveness.Unseen), ("b", Liveness.Unseen), ("core", Liveness.Unseen)], board.Sites.Select(s => (s.Name, s.Liveness)));
        Assert.All(board.Sites, s => Assert.Equal(from, s.Since));
        Assert.True(board.Sites.Single(s => s.Name == "core").IsCore);
    }

    [Fact]
    public void Site_BesideTheCore_ShowsItsFiguresAndItsDrift()
    {
        var board = Board("core");
        board.Take(Record("core", Report("1.1", "x")));
        board.Take(Record("a", Report("1.0", "y") with { Backlog = new(10, 2000, TimeSpan.FromMinutes(5)), BytesToday = 7, Budget = 70, Disk = new(1, 4) }));

        var a = board.Sites.Single(s => s.Name == "a");
        Assert.Equal(["records 1.0, core 1.1"], a.VersionDrift);
        Assert.Equal(["components"], a.ConfigurationDrift);
        Assert.Equal((10, 2000, TimeSpan.FromMinutes(5), 7, 70L, 0.25), (a.Backlog.Records, a.Backlog.Bytes, a.Backlog.OldestAge, a.BytesToday, a.Budget, a.Disk.FreeShare));
        Assert.Null(a.KnownAsOf);
        Assert.Empty(board.Sites.Single(s => s.Name == "core").VersionDrift);
    }

    [Fact]
    public void News_AreGivenOnceToWhoHasThem_AndAgainAfterAChange()
    {
        var board = Board("core");
        board.Take(Record("a", Report()));
        var news = board.NewsSince(0)!;
        Assert.Null(board.NewsSince(news.Revision));

        board.Take(Record("a", Report()));
        Assert.Null(board.NewsSince(news.Revision));

        board.Take(Record("a", Report()).Look(Rules, Now.AddSeconds(90)));
        Assert.Equal(Liveness.Stale, board.NewsSince(news.Revision)!.Sites.Single(s => s.Name == "a").Liveness);
    }

    [Fact]
    public void SiteThatIsCutOff_ShowsItself_AndHowOldTheRestIs()
    {
        var core = Board("core");
        core.Take(Record("core", Report("1.1")));
        core.Take(Record("a", Report("1.0")));
        core.Take(Record("b", Report()));
        var board = Board("a");
        board.Take(core.NewsSince(0)!);
        board.Take(Record("a", Report("1.0")));
        board.Take(Record("core", Report()));
        var asOf = Now;
        Assert.Equal(TimeSpan.Zero, board.CutOffFor);

        _clock.Advance(TimeSpan.FromMinutes(20));
        board.Take(Record("a", Report("1.0")));
        board.Take(board.Find("core")!.Look(Rules, Now));

        var (a, b, c) = (board.Sites[0], board.Sites[1], board.Sites[2]);
        Assert.Equal((Liveness.Live, (DateTimeOffset?)null), (a.Liveness, a.KnownAsOf));
        Assert.Equal(["records 1.0, core 1.1"], a.VersionDrift);
        Assert.Equal((Liveness.Live, (DateTimeOffset?)asOf), (b.Liveness, b.KnownAsOf));
        Assert.Equal((Liveness.Offline, asOf), (c.Liveness, c.LastSeen!.Value));
        Assert.Equal(TimeSpan.FromMinutes(20), board.CutOffFor);
    }

    [Fact]
    public void Memory_AfterARestartWhileCutOff_StillShowsTheRest_AndSilenceCountsAnew()
    {
        var core = Board("core");
        core.Take(Record("b", Report()));
        var before = Board("a");
        before.Take(core.NewsSince(0)!);
        before.Take(Record("core", Report()));
        var asOf = Now;

        _clock.Advance(TimeSpan.FromHours(5));
        var board = Board("a");
        board.Recall(before.Remember());
        Assert.Equal((Liveness.Live, (DateTimeOffset?)asOf), (board.Sites[1].Liveness, board.Sites[1].KnownAsOf));
        board.Take(board.Find("core")!.Look(Rules, Now.AddSeconds(89)));
        Assert.Equal(Liveness.Live, board.Sites[2].Liveness);
        board.Take(board.Find("core")!.Look(Rules, Now.AddSeconds(90)));
        Assert.Equal(Liveness.Stale, board.Sites[2].Liveness);
        Assert.Equal(TimeSpan.FromHours(5), board.CutOffFor);
    }

    [Fact]
    public void History_OfOthersAtASite_IsWhatTheNewsTold()
    {
        var core = Board("core");
        core.Take(Record("b", Report()));
        var board = Board("a");
        board.Take(core.NewsSince(0)!);
        core.Take(core.Find("b")!.Look(Rules, Now.AddSeconds(100)));
        board.Take(core.NewsSince(0)!);

        var change = Assert.Single(board.History("b", Now, Now.AddDays(1)));
        Assert.Equal(new LivenessChange("b", Liveness.Live, Liveness.Stale, Now.AddSeconds(90)), change);
        Assert.Empty(board.History("b", Now.AddSeconds(91), Now.AddDays(1)));
        Assert.Equal([Liveness.Live, Liveness.Stale], core.History("b", Now, Now.AddDays(1)).Select(c => c.To));
    }

    [Fact]
    public void Similar_IsTheSameSeriesAtAboutTheSameTimeElsewhere()
    {
        var board = Board("core");
        board.Take(Record("a", Report() with { Marks = [Mark("http p95", 0)] }));
        board.Take(Record("b", Report() with { Marks = [Mark("http p95", 9), Mark("http p95", -11), Mark("http rate", 0)] }));
        Assert.Equal([("b", 9)], board.SimilarTo("a").Select(m => (m.Site, (int)(m.Time - Now).TotalMinutes)));
        Assert.Equal(["a"], board.SimilarTo("b").Select(m => m.Site).Distinct());
        Assert.Empty(board.SimilarTo("core"));
    }

    [Fact]
    public void Marks_ThatAreReportedAgain_AreKeptOnce_AndAreTheirSendersOwn()
    {
        var record = Record("a", Report() with { Marks = [Mark("http p95", 0) with { Site = "b" }] });
        record = record.Hear(Report() with { Marks = [Mark("http p95", 0), Mark("http p95", 1)] }, Rules, Now);
        Assert.Equal([("a", 0), ("a", 1)], record.Marks.Select(m => (m.Site, (int)(m.Time - Now).TotalMinutes)));
    }

    [Fact]
    public void Changed_IsRaisedForEveryReport()
    {
        var (board, raised) = (Board("core"), 0);
        board.Changed += () => raised++;
        board.Take(Record("a", Report()));
        board.Take(Record("a", Report()));
        Assert.Equal(2, raised);
    }

    private FleetBoard Board(string self) => new(new MeshDirectory(self, [Entry("core", true), Entry("a", false), Entry("b", false)]), Rules, _clock);

    private SiteRecord Record(string site, SiteReport report) => SiteRecord.New(site, Now).Hear(report, Rules, Now);

    private SiteReport Report(string version = "1.0", string components = "x") => new()
    {
        Time = Now,
        Services = [new("records", version, null)],
        Configuration = System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty.Add("components", components),
    };

    private AnomalyMark Mark(string series, int minute) => new("", "records", series, "", 1, Now.AddMinutes(minute), 9, 1, 0, 2, 0.5);

    private static SiteEntry Entry(string name, bool isCore) => new(name, name, null, default, "", "", isCore);
}
