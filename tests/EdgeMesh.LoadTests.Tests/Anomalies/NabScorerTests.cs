using EdgeMesh.LoadTests.Anomalies;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.LoadTests.Tests.Anomalies;

/// <summary>Cases worked out by hand from the benchmark's rules: 100 points, of which 15 are for learning, and one window of 20.</summary>
public sealed class NabScorerTests
{
    private static readonly NabProfile Standard = new(NabProfile.StandardName, Hit: 1, FalseAlarm: 0.11, Miss: 1);

    [Fact]
    public void Score_NoAlarm_IsZero() => Assert.Equal(0, Score(Series([new(40, 59)])), precision: 10);

    [Fact]
    public void Score_AlarmAtTheFirstPointOfEachWindow_IsAHundred() =>
        Assert.Equal(100, Score(Series([new(40, 59), new(70, 89)]), 40, 70), precision: 10);

    [Theory]
    [InlineData(59, 56.302)] // the last point: 2/(1+e^-0.25)-1 = 0.12435, of 0.98661 at the first
    [InlineData(50, 92.990)] // the middle: 2/(1+e^-2.5)-1 = 0.84828
    public void Score_LaterAlarm_IsWorthLess(int alarm, double score) => Assert.Equal(score, Score(Series([new(40, 59)]), alarm), precision: 3);

    [Fact]
    public void Score_SeveralAlarmsInAWindow_TheBestPlacedCounts() => Assert.Equal(100, Score(Series([new(40, 59)]), 40, 41, 59), precision: 10);

    [Theory]
    [InlineData(20, -5.5)] // before any window: 0.11 of the 2 between silence and perfection
    [InlineData(60, -0.7195)] // just after: 2/(1+e^(5/19))-1 = -0.13083
    [InlineData(99, -5.4997)] // two lengths after
    [InlineData(14, 0)] // while learning
    public void Score_FalseAlarm_CostsLessJustAfterAWindow(int alarm, double score) =>
        Assert.Equal(score, Score(Series([new(40, 59)]), alarm), precision: 3);

    [Fact]
    public void Score_HitAndFalseAlarm_AddUp() => Assert.Equal(94.5, Score(Series([new(40, 59)]), 20, 40), precision: 10);

    [Fact]
    public void Score_WindowThatBeginsWhileLearning_CountsFromItsScorablePoints()
    {
        var series = Series([new(10, 29)]);

        Assert.Equal(0, Score(series, 10), precision: 10);
        Assert.InRange(Score(series, 15), 95, 99.9);
    }

    [Fact]
    public void Score_OtherProfile_WeighsMissesAndFalseAlarms()
    {
        var profile = new NabProfile("reward_low_FN_rate", Hit: 1, FalseAlarm: 0.22, Miss: 2);
        var scorer = new NabScorer(profile, [(Series([new(40, 59)]), Alarms(20))]);

        Assert.Equal(100 * (-2.22 + 2) / 3, scorer.Normalise(scorer.Raw(1)), precision: 10);
    }

    [Fact]
    public void BestThreshold_OfTwoSeries_IsTheOneThatSuitsBothTogether()
    {
        // 0.9 hits in one and alarms falsely in the other; 0.5 hits in the other; 0.2 only alarms falsely.
        var (one, other) = (new double[100], new double[100]);
        (one[40], one[20]) = (0.9, 0.2);
        (other[20], other[40]) = (0.9, 0.5);
        var scorer = new NabScorer(Standard, [(Series([new(40, 59)]), one), (Series([new(40, 59)]), other)]);

        Assert.Equal(0.5, scorer.BestThreshold());
        Assert.Equal(100 * (2 - 0.11 + 2) / 4, scorer.Normalise(scorer.Raw(0.5)), precision: 10);
    }

    [Fact]
    public void BestThreshold_EqualScores_AreTakenTogether()
    {
        var scores = Alarms([40, .. Enumerable.Range(15, 25)]);
        var scorer = new NabScorer(Standard, [(Series([new(40, 59)]), scores)]);

        Assert.True(scorer.BestThreshold() > 1, "25 false alarms cost more than the one hit among them is worth");
        Assert.Equal(0, scorer.Normalise(scorer.Raw(scorer.BestThreshold())), precision: 10);
    }

    [Theory]
    [InlineData(100, 15)]
    [InlineData(1127, 169)]
    [InlineData(22_695, 750)]
    public void Probation_OfASeries_IsFifteenPercentUpToALimit(int points, int probation) => Assert.Equal(probation, Series([], points).Probation);

    private static double Score(NabSeries series, params int[] alarms)
    {
        var scorer = new NabScorer(Standard, [(series, Alarms(alarms))]);
        return scorer.Normalise(scorer.Raw(1));
    }

    private static double[] Alarms(params int[] alarms) => [.. Enumerable.Range(0, 100).Select(i => alarms.Contains(i) ? 1.0 : 0)];

    private static NabSeries Series(NabWindow[] windows, int points = 100) =>
        new("made/up.csv", [.. Enumerable.Range(0, points).Select(i => new Measurement(DateTimeOffset.UnixEpoch.AddMinutes(5 * i), 0))], windows);
}
