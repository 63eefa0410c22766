using System.Globalization;

namespace EdgeMesh.Functions.Tests;

public sealed class ScheduleTimesTests
{
    private static readonly DateTimeOffset Noon = At("2026-03-10T12:00:00Z");

    [Fact]
    public void Due_OneTimePassed_IsThatTime() =>
        Assert.Equal([Noon.AddSeconds(30)], ScheduleTimes.Due(Of("30 * * * * *"), Noon, Noon.AddSeconds(31)));

    [Fact]
    public void Due_NothingPassed_IsNothing() => Assert.Empty(ScheduleTimes.Due(Of("30 * * * * *"), Noon, Noon.AddSeconds(29)));

    [Theory]
    [InlineData(MissedTimes.Skip, 0)]
    [InlineData(MissedTimes.Once, 1)]
    [InlineData(MissedTimes.All, 60)]
    public void Due_AnHourMissed_IsAsThePolicySays(MissedTimes missed, int count)
    {
        var due = ScheduleTimes.Due(Of("0 * * * * *", missed), Noon, Noon.AddMinutes(60).AddSeconds(30));

        Assert.Equal(count, due.Count);
        Assert.Equal(due.Order(), due);
        Assert.True(missed != MissedTimes.Once || due[0] == Noon.AddMinutes(60));
    }

    [Fact]
    public void Due_SkipButJustLate_IsOnTime() =>
        Assert.Equal([Noon.AddMinutes(1)], ScheduleTimes.Due(Of("0 * * * * *", MissedTimes.Skip), Noon, Noon.AddMinutes(1).AddSeconds(5)));

    [Fact]
    public void Due_AllOfAYearOfSeconds_IsTheLatestThousand()
    {
        var due = ScheduleTimes.Due(Of("* * * * * *", MissedTimes.All), Noon, Noon.AddDays(365));

        Assert.Equal((ScheduleTimes.MostMissed, Noon.AddDays(365)), (due.Count, due[^1]));
        Assert.Equal(due.Order(), due);
    }

    /// <summary>Called for as far as it came, the rest is what is left of the thousand, and never the next one.</summary>
    [Fact]
    public void Due_AllOfMoreThanAThousandAgain_IsNoMoreThanWasLeft()
    {
        var (schedule, now) = (Of("0 * * * * *", MissedTimes.All), Noon.AddMinutes(5000));
        var due = ScheduleTimes.Due(schedule, Noon, now);

        Assert.Equal(due.Skip(400), ScheduleTimes.Due(schedule, due[399], now));
        Assert.Empty(ScheduleTimes.Due(schedule, due[^1], now));
    }

    [Fact]
    public void Due_OnceAMonthMissedWeeksAgo_IsCalledForOnce() =>
        Assert.Equal([At("2026-04-01T00:00:00Z")], ScheduleTimes.Due(Of("0 0 0 1 * *", MissedTimes.Once), Noon, At("2026-04-20T00:00:00Z")));

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-28T20:00:00Z", "2026-03-29T01:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-27T20:00:00Z", "2026-03-28T01:30:00Z")]
    [InlineData("UTC", "2026-03-28T20:00:00Z", "2026-03-29T02:30:00Z")]
    public void Next_HalfPastTwo_IsInItsZoneAlsoWhereTheClockSkipsIt(string zone, string after, string next) =>
        Assert.Equal(At(next), ScheduleTimes.Next(Of("0 30 2 * * *") with { TimeZone = zone }, At(after))!.Value.ToUniversalTime());

    private static ScheduleTrigger Of(string cron, MissedTimes missed = MissedTimes.Once) => new() { Cron = cron, Missed = missed };

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
