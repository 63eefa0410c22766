using CsCheck;
using EdgeMesh.Services.Monitor.Fleet;

namespace EdgeMesh.Services.Monitor.Tests.Fleet;

public sealed class ClockSkewTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(60);

    [Fact]
    public void Reading_OfAnEvenLink_IsTheSkew()
    {
        var best = Exchange(ClockSkew.None, skew: 7000, there: 50, back: 50).Best!.Value;
        Assert.Equal(TimeSpan.FromSeconds(7), best.Ahead);
        Assert.Equal(TimeSpan.FromMilliseconds(50), best.Error);
    }

    [Fact]
    public void Reading_OfAnyLink_IsRightWithinItsError() => Gen.Select(Gen.Int[-1_000_000, 1_000_000], Gen.Int[0, 5000], Gen.Int[0, 5000]).Sample((skew, there, back) =>
    {
        var best = Exchange(ClockSkew.None, skew, there, back).Best!.Value;
        Assert.True((best.Ahead - TimeSpan.FromMilliseconds(skew)).Duration() <= best.Error, $"{best}");
    });

    [Fact]
    public void Best_OfSeveral_IsTheFastest()
    {
        var skew = Exchange(Exchange(Exchange(ClockSkew.None, 1000, 2000, 10), 1000, 20, 22), 1000, 900, 1);
        Assert.Equal(TimeSpan.FromMilliseconds(21), skew.Best!.Value.Error);
    }

    [Fact]
    public void Readings_AreForgotten_SoAClockThatDriftsIsNoticed()
    {
        var skew = Exchange(ClockSkew.None, 0, 1, 1);
        for (var i = 0; i < 8; i++)
        {
            skew = Exchange(skew, 60_000, 100, 100);
        }

        Assert.Equal(TimeSpan.FromMinutes(1), skew.Best!.Value.Ahead);
    }

    [Fact]
    public void Exchange_DuringWhichAClockWasSet_IsNotTaken() =>
        Assert.Null(ClockSkew.None.With(Start, Start, Start.AddSeconds(5), Start.AddSeconds(1)).Best);

    private static ClockSkew Exchange(ClockSkew before, int skew, int there, int back)
    {
        var sent = Start.AddMilliseconds(skew);
        return before.With(sent, Start.AddMilliseconds(there), Start.AddMilliseconds(there + 3), sent.AddMilliseconds(there + 3 + back));
    }
}
