using CsCheck;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Tests.Actors;

public sealed class RecurrenceTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", 0)]
    [InlineData("0", 0)]
    [InlineData("1h30m", 5400)]
    [InlineData("0h0m0s500ms", 0.5)]
    [InlineData("-1s", -1)]
    [InlineData("PT1H30M", 5400)]
    [InlineData("P1DT2S", 86402)]
    [InlineData("P2W", 1209600)]
    [InlineData("2030-01-31T13:00:00Z", 3600)]
    [InlineData("2030-01-31T14:00:00+01:00", 3600)]
    public void Read_DueTime_IsFromNowOrAbsolute(string text, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Recurrence.Read(text, "", "", Now, out _)!.Due - Now);

    [Theory]
    [InlineData("frob")]
    [InlineData("5")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("PT0.2S")]
    [InlineData("P1S")]
    [InlineData("PT1S1H")]
    [InlineData("PT1H1H")]
    [InlineData("P1")]
    [InlineData("P99999999999D")]
    [InlineData("P9999999D")]
    [InlineData("R5/PT1S")]
    [InlineData("@every 1s")]
    [InlineData("tomorrow")]
    public void Read_DueTimeThatIsNone_IsAFault(string text)
    {
        Assert.Null(Recurrence.Read(text, "", "", Now, out var fault));
        Assert.Contains(text, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_Months_AreTheCalendars()
    {
        var when = Recurrence.Read("0s", "P1M", "", Now, out _)!;
        when = when.Next(Now)!;
        Assert.Equal(new DateTimeOffset(2030, 2, 28, 12, 0, 0, TimeSpan.Zero), when.Due);
    }

    [Fact]
    public void Next_Repetitions_CountTheFirst()
    {
        var when = Recurrence.Read("1s", "R3/PT1S", "", Now, out _);
        var fired = 0;
        for (; when is not null; when = when.Next(when.Due))
        {
            fired++;
        }

        Assert.Equal(3, fired);
    }

    [Theory]
    [InlineData("1s", "1s", "2500ms", 3)]
    [InlineData("", "1s", "1500ms", 2)]
    [InlineData("1s", "1s", "2030-01-31T12:00:02Z", 2)]
    public void Next_TimeToLive_CountsFromTheFirstTime(string due, string period, string ttl, int times)
    {
        var when = Recurrence.Read(due, period, ttl, Now, out _);
        var fired = 0;
        for (; when is not null; when = when.Next(when.Due))
        {
            fired++;
        }

        Assert.Equal(times, fired);
    }

    [Theory]
    [InlineData("-1s", "1s")]
    [InlineData("R0/PT1S", "zero repetitions")]
    [InlineData("R/PT1S", "unsupported")]
    [InlineData("R-1/PT1S", "unsupported")]
    [InlineData("R5", "unsupported")]
    public void Read_PeriodThatIsNone_IsAFault(string period, string said)
    {
        Assert.Null(Recurrence.Read("", period, "", Now, out var fault));
        Assert.Contains(said, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_PeriodOfZero_IsOnce() => Assert.Null(Recurrence.Read("", "0s", "", Now, out _)!.Next(Now));

    [Fact]
    public void Next_AfterALongOutage_MakesUpForTheLastHundredAndNoMore()
    {
        var when = Recurrence.Read("0s", "1s", "", Now, out _);
        var late = Now + TimeSpan.FromHours(1);
        var fired = 0;
        for (; when is not null && when.Due <= late; when = when.Next(late))
        {
            fired++;
        }

        Assert.InRange(fired, 100, 103);
        Assert.Equal(late + TimeSpan.FromSeconds(1), when!.Due);
    }

    [Fact]
    public void Next_SkippedTimes_CountAsRepetitions()
    {
        var when = Recurrence.Read("0s", "R200/PT1S", "", Now, out _)!;
        Assert.Null(when.Next(Now + TimeSpan.FromHours(1)));
    }

    [Fact]
    public void ToGo_AnyDuration_IsReadAsTheSame() =>
        Gen.Long[-TimeSpan.TicksPerDay * 40, TimeSpan.TicksPerDay * 40].Sample(ticks =>
        {
            // A tenth of a microsecond is the clock's grain.
            var time = TimeSpan.FromTicks(ticks);
            Assert.True(GoDuration.TryParse(Period.ToGo(time), out var read));
            Assert.InRange((read - time).Ticks, -1, 1);
        });

    [Theory]
    [InlineData(5400, "1h30m0s")]
    [InlineData(3600, "1h0m0s")]
    [InlineData(90, "1m30s")]
    [InlineData(1.5, "1.5s")]
    [InlineData(0.5, "500ms")]
    [InlineData(0.0005, "500µs")]
    [InlineData(0, "0s")]
    public void ToGo_Durations_AreAsGoWritesThem(double seconds, string text) => Assert.Equal(text, Period.ToGo(TimeSpan.FromSeconds(seconds)));
}
