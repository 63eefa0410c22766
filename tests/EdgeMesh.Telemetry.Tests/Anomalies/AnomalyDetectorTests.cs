using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Telemetry.Tests.Anomalies;

public sealed class AnomalyDetectorTests
{
    [Fact]
    public void Observe_RoutineOnceKnown_NeverAlerts()
    {
        Assert.Empty(new AnomalyDetector().Scores(MadeSeries.Noise(5000)).Alerts());
        Assert.Empty(new AnomalyDetector().Scores(MadeSeries.OfficeHours(days: 21)).Alerts());
    }

    [Fact]
    public void Observe_Spike_IsAnAlertThatSaysWhatWasExpected()
    {
        var values = MadeSeries.Noise(2000);
        values[1500] = 160;

        var scores = new AnomalyDetector().Scores(values);

        Assert.Equal([1500], scores.Alerts());
        var alert = scores[1500];
        Assert.Equal(AnomalyView.Value, alert.View);
        Assert.Equal(160, alert.Observed);
        Assert.InRange(alert.Expected, 98, 102);
        Assert.InRange(alert.Low, 90, 97);
        Assert.InRange(alert.High, 103, 110);
    }

    [Fact]
    public void Observe_FallToATenth_IsAnAlertAlsoWhereRisesAreCommon()
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, 2000).Select(i => 50 * Math.Exp(random.NextDouble() * 3)).ToArray();
        values[1500] = 3;

        var scores = new AnomalyDetector().Scores(values);

        Assert.Contains(1500, scores.Alerts());
        Assert.Equal(AnomalyView.Ratio, scores[1500].View);
        Assert.InRange(scores[1500].Low, 20, 60);
    }

    [Fact]
    public void Observe_WhatIsUsualAloneButNotInARow_IsFoundByTheLevel()
    {
        var values = MadeSeries.Noise(2000);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = i % 97 == 50 || i is >= 1500 and < 1512 ? 200 : values[i];
        }

        var scores = new AnomalyDetector().Scores(values);

        var alert = Assert.Single(scores.Alerts(), i => i is >= 1500 and < 1512);
        Assert.Equal(AnomalyView.Level, scores[alert].View);
        Assert.InRange(scores[alert].Observed, scores[alert].High, 200);
    }

    [Fact]
    public void Observe_BusyNight_IsFoundByTheHourOfTheWeek()
    {
        var values = MadeSeries.OfficeHours(days: 21);
        var night = (20 * MadeSeries.Day) + 36;
        for (var i = night; i < night + 12; i++)
        {
            values[i] += 60;
        }

        var scores = new AnomalyDetector().Scores(values);

        Assert.Equal(night, scores.Alerts().First());
        Assert.Equal(AnomalyView.HourOfWeek, scores[night].View);
        Assert.InRange(scores[night].Expected, 20, 24);
    }

    [Fact]
    public void Observe_IncidentOfAnHour_IsToldOnce()
    {
        var values = MadeSeries.Noise(2000);
        for (var i = 1500; i < 1512; i++)
        {
            values[i] += 60;
        }

        Assert.Equal([1500], new AnomalyDetector().Scores(values).Alerts());
    }

    [Fact]
    public void Observe_TheSameIncidentAfterMonths_IsToldAgain()
    {
        var values = MadeSeries.Noise(20_000);
        values[1500] = 160;
        values[19_000] = 160;

        Assert.True(new AnomalyDetector().Scores(values)[19_000].IsAlert);
    }

    [Fact]
    public void Observe_IncidentAfterAnAbsurdValue_IsStillFound()
    {
        var values = MadeSeries.Noise(12_000);
        values[1000] = 1e12;
        values[11_000] = 400;

        Assert.Equal([1000, 11_000], new AnomalyDetector().Scores(values).Alerts());
    }

    [Fact]
    public void Observe_WhileLearning_ScoresNothing()
    {
        var values = MadeSeries.Noise(AnomalyDetector.LearningPoints);
        values[^1] = 1000;

        Assert.All(new AnomalyDetector().Scores(values), s => Assert.Equal(0, s.Score));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(45)]
    [InlineData(-1e200)]
    [InlineData(1e-200)]
    public void Observe_Constant_ScoresNothingUntilItChanges(double constant)
    {
        var detector = new AnomalyDetector();

        Assert.All(detector.Scores(Enumerable.Repeat(constant, 1000)), s => Assert.Equal(0, s.Score));

        Assert.True(detector.Observe(MadeSeries.At(1000, constant == 0 ? 1 : constant / 2)).IsAlert);
    }

    [Fact]
    public void Observe_RoundingErrors_AreNoRecords()
    {
        var values = Enumerable.Range(0, 5000).Select(i => Math.BitIncrement(1e9) + (i % 7 * 1e-6) + (i == 3000 ? 1e-4 : 0));

        Assert.Empty(new AnomalyDetector().Scores(values).Alerts());
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Observe_NotFinite_ScoresNothingAndTeachesNothing(double gap)
    {
        var values = MadeSeries.Noise(500);
        var (with, without) = (new AnomalyDetector(), new AnomalyDetector());
        with.Scores(values);
        without.Scores(values);

        Assert.Equal(0, with.Observe(MadeSeries.At(500, gap)).Score);

        Assert.Equal(without.Save(), with.Save());
    }
}
