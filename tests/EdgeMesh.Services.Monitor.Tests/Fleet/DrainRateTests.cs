using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Tests.Fleet;

public sealed class DrainRateTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(60);

    [Fact]
    public void TimeToDrain_OfASteadyDrain_IsWhatIsLeftByTheRate()
    {
        var rate = Measured(10_000, 9_700, 9_400, 9_100);
        Assert.Equal(10, rate.RecordsASecond!.Value, 6);
        Assert.Equal(TimeSpan.FromSeconds(910), rate.TimeToDrain);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100, 100, 100)]
    [InlineData(100, 200, 300)]
    public void TimeToDrain_WithoutADrain_IsNotKnown(params int[] backlog) => Assert.Null(Measured(backlog).TimeToDrain);

    [Fact]
    public void TimeToDrain_OfNothing_IsNothing() => Assert.Equal(TimeSpan.Zero, Measured(500, 0).TimeToDrain);

    [Fact]
    public void Rate_AfterTheLinkGotFaster_FollowsWithinMinutes()
    {
        var rate = Measured([.. Enumerable.Range(0, 10).Select(i => 1_000_000 - (i * 30))]);
        var slow = rate.RecordsASecond!.Value;
        for (var i = 1; i <= 20; i++)
        {
            rate = DrainRate.Next(rate, rate.At.AddSeconds(30), rate.Records - 3000);
        }

        Assert.Equal(1, slow, 6);
        Assert.InRange(rate.RecordsASecond!.Value, 98, 100);
    }

    [Fact]
    public void Rate_OfTwoMeasuresAtOnce_IsLeftAsItWas()
    {
        var rate = Measured(100, 70);
        Assert.Same(rate, DrainRate.Next(rate, rate.At, 10));
    }

    private static DrainRate Measured(params int[] backlog)
    {
        DrainRate? rate = null;
        for (var i = 0; i < backlog.Length; i++)
        {
            rate = DrainRate.Next(rate, Start.AddSeconds(30 * i), backlog[i]);
        }

        return rate!;
    }
}
