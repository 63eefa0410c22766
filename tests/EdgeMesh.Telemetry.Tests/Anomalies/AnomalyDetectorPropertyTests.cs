using CsCheck;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Telemetry.Tests.Anomalies;

/// <summary>What holds for every series, also the most hostile.</summary>
public sealed class AnomalyDetectorPropertyTests
{
    private static readonly Gen<double> Hostile = Gen.Frequency(
        (20, Gen.Double[-100, 100]),
        (2, Gen.Double),
        (1, Gen.OneOf(
            Gen.Const(double.NaN), Gen.Const(double.PositiveInfinity), Gen.Const(double.NegativeInfinity),
            Gen.Const(double.MaxValue), Gen.Const(double.MinValue), Gen.Const(double.Epsilon), Gen.Const(0.0), Gen.Const(-0.0))));

    private static readonly Gen<double[]> Series = Hostile.Array[0, 600];

    [Fact]
    public void Observe_AnySeries_ScoresFromZeroToOneAndExpectsNumbers() => Series.Sample(values =>
        Assert.All(new AnomalyDetector().Scores(values), s =>
        {
            Assert.InRange(s.Score, 0, 1);
            Assert.Equal(s.Score >= AnomalyDetector.Threshold, s.IsAlert);
            Assert.True(double.IsFinite(s.Expected) && double.IsFinite(s.Low) && double.IsFinite(s.High) && s.Low <= s.High, s.ToString());
        }));

    [Fact]
    public void Observe_WhateverComesLater_ScoresThePrefixTheSame() => Gen.Select(Series, Series).Sample((prefix, later) =>
        Assert.Equal(new AnomalyDetector().Scores(prefix), new AnomalyDetector().Scores([.. prefix, .. later])[..prefix.Length]));

    [Fact]
    public void Restore_AtAnyPoint_GoesOnAsIfNeverStopped() => Gen.Select(Series, Series).Sample((before, after) =>
    {
        var detector = new AnomalyDetector();
        detector.Scores(before);

        var restored = AnomalyDetector.Restore(detector.Save());

        Assert.NotNull(restored);
        Assert.Equal(detector.Scores(after, before.Length), restored.Scores(after, before.Length));
        Assert.Equal(detector.Save(), restored.Save());
    });

    [Fact]
    public void Save_AnySeries_TakesTheSameRoom()
    {
        var room = new AnomalyDetector().Save().Length;
        Assert.InRange(room, 1, 4096);
        Series.Sample(values =>
        {
            var detector = new AnomalyDetector();
            detector.Scores(values);
            Assert.Equal(room, detector.Save().Length);
        });
    }

    /// <summary>A power of two, so that even roundings agree.</summary>
    [Theory]
    [InlineData(1.0 / 1024)]
    [InlineData(4096)]
    [InlineData(-1)]
    public void Observe_InAnotherUnit_ScoresTheSame(double unit) => Gen.Double[-100, 100].Array[0, 600].Sample(values =>
        Assert.Equal(
            new AnomalyDetector().Scores(values).Select(s => s.Score),
            new AnomalyDetector().Scores(values.Select(v => v * unit)).Select(s => s.Score)));

    [Fact]
    public void Observe_AnyPoint_AllocatesNothing()
    {
        var detector = new AnomalyDetector();
        var values = MadeSeries.Noise(2000);
        detector.Scores(values);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < values.Length; i++)
        {
            detector.Observe(MadeSeries.At(i, values[i]));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Restore_NoStateOfThisVersion_IsNull()
    {
        var saved = new AnomalyDetector().Save();
        var (otherVersion, broken) = (saved.ToArray(), saved.ToArray());
        otherVersion[6] ^= 0xFF;
        BitConverter.GetBytes(double.NaN).CopyTo(broken, 80);

        Assert.Null(AnomalyDetector.Restore([]));
        Assert.Null(AnomalyDetector.Restore(saved.AsSpan(1)));
        Assert.Null(AnomalyDetector.Restore(otherVersion));
        Assert.Null(AnomalyDetector.Restore(broken));
    }
}
