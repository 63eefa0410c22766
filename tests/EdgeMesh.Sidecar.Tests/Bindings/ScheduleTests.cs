using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Tests.Bindings;

public sealed class ScheduleTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 31, 23, 59, 30, TimeSpan.Zero);

    [Theory]
    [InlineData("@every 1h30m", "2030-02-01T01:29:30Z")]
    [InlineData("@every 500ms", "2030-01-31T23:59:30.5Z")]
    [InlineData("*/20 * * * * *", "2030-01-31T23:59:40Z")]
    [InlineData("0 30 3 * * *", "2030-02-01T03:30:00Z")]
    [InlineData("0 0 0 1 * ?", "2030-02-01T00:00:00Z")]
    [InlineData("0 0 12 * * MON", "2030-02-04T12:00:00Z")]
    [InlineData("@hourly", "2030-02-01T00:00:00Z")]
    [InlineData("@daily", "2030-02-01T00:00:00Z")]
    [InlineData("@weekly", "2030-02-03T00:00:00Z")]
    [InlineData("@monthly", "2030-02-01T00:00:00Z")]
    [InlineData("@yearly", "2031-01-01T00:00:00Z")]
    public void Next_Schedule_IsItsNextTime(string text, string next)
    {
        Assert.True(Schedule.TryParse(text, TimeZoneInfo.Utc, minuteCron: false, out var schedule, out _));
        Assert.Equal(DateTimeOffset.Parse(next, System.Globalization.CultureInfo.InvariantCulture), schedule.Next(Start));
    }

    [Fact]
    public void Next_InAZone_IsThatZonesHour()
    {
        var zone = TimeZoneInfo.CreateCustomTimeZone("two", TimeSpan.FromHours(2), "two", "two");
        Assert.True(Schedule.TryParse("0 0 6 * * *", zone, minuteCron: false, out var schedule, out _));
        Assert.Equal(new DateTimeOffset(2030, 2, 1, 4, 0, 0, TimeSpan.Zero), schedule.Next(Start));
    }

    [Theory]
    [InlineData("bogus", "expected exactly 6 fields, found 1: [bogus]")]
    [InlineData("* * * * *", "expected exactly 6 fields, found 5: [* * * * *]")]
    [InlineData("@sometimes", "unrecognized descriptor: @sometimes")]
    [InlineData("@every soon", "failed to parse duration @every soon")]
    [InlineData("@every -1s", "failed to parse duration @every -1s")]
    public void TryParse_NoSchedule_SaysWhatIsWrong(string text, string fault)
    {
        Assert.False(Schedule.TryParse(text, TimeZoneInfo.Utc, minuteCron: false, out _, out var said));
        Assert.Equal(fault, said);
    }

    [Fact]
    public void TryParse_CronBinding_MayDoWithoutSeconds() => Assert.True(Schedule.TryParse("30 3 * * *", TimeZoneInfo.Utc, minuteCron: true, out _, out _));
}
