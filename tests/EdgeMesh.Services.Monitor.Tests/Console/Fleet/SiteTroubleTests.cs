using EdgeMesh.Services.Monitor.Console.Fleet;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Tests.Console.Fleet;

public sealed class SiteTroubleTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public void Sort_PutsFirstWhatIsWorst_AndAmongEqualsWhatLastsLongest()
    {
        SiteState[] sites =
        [
            Site("fine"),
            Site("never") with { Liveness = Liveness.Unseen },
            Site("stale") with { Liveness = Liveness.Stale, LastSeen = Now.AddMinutes(-2) },
            Site("gone-lately") with { Liveness = Liveness.Offline, Since = Now.AddMinutes(-5) },
            Site("gone-long") with { Liveness = Liveness.Offline, Since = Now.AddHours(-5) },
            Site("waiting") with { Services = [new ServiceHealth("records", "1", "its journal")] },
            Site("full") with { Disk = new DiskRoom(8, 100) },
            Site("drifts") with { VersionDrift = ["records 1, core 2"] },
        ];

        Assert.Equal(["gone-long", "gone-lately", "stale", "waiting", "never", "full", "drifts", "fine"], SiteTrouble.Sort(sites, Now).Select(t => t.Site.Name));
    }

    [Fact]
    public void Of_AFineSite_FindsNothing()
    {
        var trouble = SiteTrouble.Of(Site("fine"), Now);

        Assert.Equal((0, true, false), (trouble.Rank, trouble.IsFine, trouble.IsSevere));
        Assert.Empty(trouble.Reasons);
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(600, false)]
    public void Of_ASiteThatNeverReported_IsTroubleOnlyAfterAWhile(int seconds, bool isFine) =>
        Assert.Equal(isFine, SiteTrouble.Of(Site("new") with { Liveness = Liveness.Unseen, Since = Now.AddSeconds(-seconds), Services = [], Disk = new DiskRoom(0, 0) }, Now).IsFine);

    [Fact]
    public void Of_ASiteWithManyTroubles_NamesThemAll_TheWorstFirst()
    {
        var trouble = SiteTrouble.Of(Site("bad") with
        {
            Liveness = Liveness.Offline,
            Since = Now.AddMinutes(-23),
            Backlog = new Backlog(1204, 1, TimeSpan.FromMinutes(22)),
            Disk = new DiskRoom(2, 100),
            Skew = new ClockReading(TimeSpan.FromSeconds(-41), TimeSpan.Zero),
            BytesToday = 95,
            Budget = 100,
        }, Now);

        Assert.True(trouble.IsSevere);
        Assert.Equal(
            ["offline for 23 min", "2 % of the disk is free", "1,204 records wait, the oldest 22 min", "95 % of today's budget is used", "its clock is 41 s behind"], trouble.Reasons);
    }

    private static SiteState Site(string name) => new()
    {
        Name = name,
        Liveness = Liveness.Live,
        Since = Now.AddDays(-1),
        LastSeen = Now,
        Disk = new DiskRoom(50, 100),
        Budget = 100,
        BytesToday = 10,
        Skew = new ClockReading(TimeSpan.FromMilliseconds(2), TimeSpan.Zero),
        Backlog = new Backlog(3, 10, TimeSpan.FromSeconds(4)),
        Services = [new ServiceHealth("records", "1", null)],
    };
}
