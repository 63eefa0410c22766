using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Telemetry.Tests.Anomalies;

public sealed class SeenRangeTests
{
    private static readonly AnomalyTuning Tuning = new() { Block = 10, Memory = 20, UsualSpread = 2, Reach = 5 };

    [Fact]
    public void Observe_WithinTheRange_IsNoExcess()
    {
        var range = Seen(0, 10);

        Assert.Equal(0, range.Observe(5, noise: 1e-9));
        Assert.Equal(0, range.Observe(10, noise: 1e-9));
    }

    [Theory]
    [InlineData(15, 0.5)]
    [InlineData(-2.5, 0.25)]
    [InlineData(1000, 5)]
    public void Observe_BeyondTheRange_IsTheExcessInWidthsUpToTheReach(double value, double excess) =>
        Assert.Equal(excess, Seen(0, 10).Observe(value, noise: 1e-9), precision: 6);

    [Fact]
    public void Observe_ValueJustAccepted_IsPartOfTheRange()
    {
        var range = Seen(0, 10);
        range.Observe(20, noise: 1e-9);

        Assert.Equal((0, 20), (range.Low, range.High));
        Assert.Equal(0, range.Observe(20, noise: 1e-9));
    }

    [Fact]
    public void Observe_LongAfterAnOutlier_ForgetsItButNotWhatIsUsual()
    {
        var range = Seen();
        range.Observe(1000, noise: 1e-9);
        for (var i = 0; i < 2000; i++)
        {
            range.Observe(i % 10, noise: 1e-9);
        }

        Assert.InRange(range.High, 9, 15);
        Assert.Equal(0, range.Low, precision: 6);
    }

    private static SeenRange Seen(params double[] values)
    {
        var range = new SeenRange(Tuning);
        foreach (var value in values)
        {
            range.Observe(value, noise: 1e-9);
        }

        return range;
    }
}
