using EdgeMesh.Services.Monitor.Console.Fleet;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Tests.Console.Fleet;

public sealed class SiteHistoryTests
{
    private static readonly DateTimeOffset From = DateTimeOffset.UnixEpoch.AddYears(56);
    private static readonly DateTimeOffset Now = From.AddHours(10);

    [Fact]
    public void Parts_OfASiteThatWasAway_ShowWhenAndHowLong()
    {
        LivenessChange[] changes =
        [
            new("a", Liveness.Live, Liveness.Stale, From.AddHours(1)), new("a", Liveness.Stale, Liveness.Offline, From.AddHours(2)), new("a", Liveness.Offline, Liveness.Live, From.AddHours(5)),
        ];
        var site = Site(Liveness.Live, From.AddHours(5));

        Assert.Equal(
            [(Liveness.Live, 0, 100), (Liveness.Stale, 100, 100), (Liveness.Offline, 200, 300), (Liveness.Live, 500, 500)],
            SiteHistory.Parts(site, changes, From, Now).Select(p => (p.State, p.Left, p.Width)));
        Assert.Equal(TimeSpan.FromHours(3), SiteHistory.Away(site, changes, From, Now));
    }

    [Fact]
    public void Parts_WithoutChanges_ShowOnlyWhatIsKnown()
    {
        Assert.Equal([(Liveness.Live, 0, 1000)], SiteHistory.Parts(Site(Liveness.Live, From.AddDays(-3)), [], From, Now).Select(p => (p.State, p.Left, p.Width)));
        Assert.Equal([(Liveness.Offline, 900, 100)], SiteHistory.Parts(Site(Liveness.Offline, From.AddHours(9)), [], From, Now).Select(p => (p.State, p.Left, p.Width)));
    }

    private static SiteState Site(Liveness liveness, DateTimeOffset since) => new() { Name = "a", Liveness = liveness, Since = since };
}
