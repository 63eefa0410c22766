using CsCheck;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Tests.Fleet;

public sealed class LivenessTests
{
    private static readonly LivenessRules Rules = new();
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(60);

    /// <summary>Gaps between reports, in seconds: short ones, and ones about each limit.</summary>
    private static readonly Gen<int[]> Gaps = Gen.Frequency((6, Gen.Int[5, 40]), (2, Gen.Int[80, 100]), (1, Gen.Int[280, 320]), (1, Gen.Int[300, 4000])).Array[1, 120];

    [Fact]
    public void Site_ThatNeverReported_StaysUnseen()
    {
        var record = At(SiteRecord.New("a", Start), 1_000_000);
        Assert.Equal(Liveness.Unseen, record.Liveness.Is);
        Assert.Equal(Start, record.Liveness.Since);
        Assert.Null(record.Liveness.LastSeen);
        Assert.Empty(record.Changes);
    }

    [Theory]
    [InlineData(0, Liveness.Live, 0)]
    [InlineData(89, Liveness.Live, 0)]
    [InlineData(90, Liveness.Stale, 90)]
    [InlineData(299, Liveness.Stale, 90)]
    [InlineData(300, Liveness.Offline, 300)]
    [InlineData(86_400, Liveness.Offline, 300)]
    internal void Silence_AfterAReport_IsStaleThenOffline_SinceItsLimit(int seconds, Liveness expected, int since)
    {
        var record = At(Heard(0), seconds);
        Assert.Equal(expected, record.Liveness.Is);
        Assert.Equal(Start.AddSeconds(since), record.Liveness.Since);
        Assert.Equal(Start, record.Liveness.LastSeen);
    }

    [Fact]
    public void OneLateLook_AfterALongSilence_TellsBothChangesAtTheirTimes()
    {
        var changes = At(Heard(0), 5000).Changes;
        Assert.Equal(
            [(Liveness.Unseen, Liveness.Live, 0), (Liveness.Live, Liveness.Stale, 90), (Liveness.Stale, Liveness.Offline, 300)],
            changes.Select(c => (c.From, c.To, (int)(c.At - Start).TotalSeconds)));
    }

    [Fact]
    public void AReport_AfterAnOutage_IsLiveAtOnce()
    {
        var record = Heard(0, 5000);
        Assert.Equal(Liveness.Live, record.Liveness.Is);
        Assert.Equal(Start.AddSeconds(5000), record.Liveness.Since);
    }

    [Fact]
    public void ThreeFalls_WithinTheWindow_KeepASiteStale_UntilItReportsSteadily()
    {
        var record = Heard(0, 100, 200, 300);
        Assert.Equal(3, record.Liveness.Falls.Length);
        Assert.True(record.Liveness.IsFlapping(Rules, Start.AddSeconds(300)));
        Assert.Equal(Liveness.Stale, record.Liveness.Is);

        for (var second = 330; second < 600; second += 30)
        {
            record = Hear(record, second);
            Assert.Equal(Liveness.Stale, record.Liveness.Is);
        }

        Assert.Equal(Liveness.Live, Hear(record, 600).Liveness.Is);
    }

    [Fact]
    public void AFlappingSite_ThatGoesSilent_IsOfflineAllTheSame()
    {
        var record = At(Heard(0, 100, 200, 300), 601);
        Assert.Equal(Liveness.Offline, record.Liveness.Is);
        Assert.Equal(Liveness.Stale, Hear(record, 700).Liveness.Is);
    }

    [Fact]
    public void Falls_OlderThanTheWindow_AreForgotten()
    {
        var record = Heard(0, 100, 200, 300);
        Assert.False(record.Liveness.IsFlapping(Rules, record.Liveness.Falls[0] + Rules.FlapWindow));
        Assert.Equal(Liveness.Live, Hear(record, 300 + (int)Rules.FlapWindow.TotalSeconds).Liveness.Is);
    }

    [Fact]
    public void Resume_AfterTheListenerWasAway_CountsSilenceFromThen()
    {
        var away = Heard(0).Resume(Start.AddSeconds(1000));
        Assert.Equal(Liveness.Live, away.Look(Rules, Start.AddSeconds(1089)).Liveness.Is);
        var stale = away.Look(Rules, Start.AddSeconds(1090));
        Assert.Equal((Liveness.Stale, Start.AddSeconds(1090)), (stale.Liveness.Is, stale.Liveness.Since));
        Assert.Equal(Start, stale.Liveness.LastSeen);
    }

    [Fact]
    public void Resume_OfASiteThatIsOffline_LeavesItOffline() =>
        Assert.Equal((Liveness.Offline, Start.AddSeconds(300)), Is(At(Heard(0), 1000).Resume(Start.AddSeconds(2000)).Look(Rules, Start.AddSeconds(2100))));

    [Fact]
    public void AClock_ThatWasSetBack_MakesNothingOlder()
    {
        var record = Hear(Heard(1000), 10);
        Assert.Equal(Start.AddSeconds(1000), record.Liveness.LastSeen);
        Assert.Equal(Liveness.Live, At(record, 1089).Liveness.Is);
    }

    [Fact]
    public void Looks_HoweverManyAndLate_ChangeNothingOfWhatIsTold() => Gen.Select(Gaps, Gen.Int[1, 200].Array[0, 60]).Sample((gaps, looks) =>
    {
        var (unwatched, watched) = (Follow(gaps, []), Follow(gaps, looks));
        Assert.Equal(unwatched.Changes, watched.Changes);
        Assert.Equal(unwatched.Liveness.Is, watched.Liveness.Is);
        Assert.Equal(unwatched.Liveness.Falls, watched.Liveness.Falls);
    });

    [Fact]
    public void Changes_OfAnyReports_AreFewInAnyWindow() => Gaps.Sample(gaps =>
    {
        // Three falls and rises are free, each through Offline; then a rise costs five steady minutes, and so does Offline.
        var most = (3 * (Rules.FlapFalls + 1)) + (3 * (int)(Rules.FlapWindow / Rules.SteadyFor));
        var changes = Follow(gaps, []).Changes;
        Assert.All(changes, first => Assert.InRange(changes.Count(c => c.At >= first.At && c.At < first.At + Rules.FlapWindow), 1, most));
    });

    [Fact]
    public void Silence_AfterAnyReports_EndsOffline_AndSteadyReports_EndLive() => Gaps.Sample(gaps =>
    {
        var end = gaps.Sum();
        var record = Follow(gaps, []);
        Assert.Equal(Liveness.Offline, At(record, end + 300).Liveness.Is);
        for (var second = 30; second <= 330; second += 30)
        {
            record = Hear(record, end + second);
        }

        Assert.Equal(Liveness.Live, record.Liveness.Is);
    });

    [Fact]
    public void OwnReports_HoweverLate_AreOfALiveSite()
    {
        var record = SiteRecord.New("a", Start);
        for (var i = 0; i < 10; i++)
        {
            record = record.Own(new SiteReport { Time = Start }, Start.AddHours(i));
            Assert.Equal((Liveness.Live, Start), Is(record));
        }
    }

    [Fact]
    public void History_IsBounded()
    {
        var record = Heard(0);
        for (var i = 1; i < 300; i++)
        {
            record = Hear(record, i * 4000);
        }

        Assert.Equal(SiteRecord.MostChanges, record.Changes.Length);
        Assert.Equal(Start.AddSeconds(299 * 4000), record.Changes[^1].At);
    }

    private static (Liveness, DateTimeOffset) Is(SiteRecord record) => (record.Liveness.Is, record.Liveness.Since);

    private static SiteRecord Heard(params int[] seconds) => seconds.Aggregate(SiteRecord.New("a", Start), Hear);

    private static SiteRecord Hear(SiteRecord record, int second) => record.Hear(new SiteReport { Time = Start.AddSeconds(second) }, Rules, Start.AddSeconds(second));

    private static SiteRecord At(SiteRecord record, int second) => record.Look(Rules, Start.AddSeconds(second));

    /// <summary>Reports after gaps, and looks in between.</summary>
    private static SiteRecord Follow(int[] gaps, int[] looks)
    {
        var record = SiteRecord.New("a", Start);
        var (now, look, next) = (0, 0, looks.Length > 0 ? looks[0] : int.MaxValue);
        foreach (var gap in gaps)
        {
            for (; next < now + gap; next = ++look < looks.Length ? next + looks[look] : int.MaxValue)
            {
                record = At(record, next);
            }

            now += gap;
            record = Hear(record, now);
        }

        return record;
    }
}
