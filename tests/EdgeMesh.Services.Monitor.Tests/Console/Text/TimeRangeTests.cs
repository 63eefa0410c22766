using EdgeMesh.Services.Monitor.Console.Text;

namespace EdgeMesh.Services.Monitor.Tests.Console.Text;

public sealed class TimeRangeTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    [Theory]
    [InlineData("1h", null, null, 60, "1h")]
    [InlineData("nonsense", null, null, 1440, "24h")]
    [InlineData(null, null, null, 1440, "24h")]
    [InlineData("1h", 0L, 60_000L, 1, null)]
    [InlineData("1h", 60_000L, 0L, 60, "1h")]
    [InlineData("1h", -5L, 60_000L, 60, "1h")]
    [InlineData("1h", 0L, long.MaxValue, 60, "1h")]
    public void Read_WhatTheAddressSays_OrWhatIsUsual(string? name, long? from, long? to, double minutes, string? known)
    {
        var range = TimeRange.Read(name, from, to, "24h", Now);

        Assert.Equal((minutes, known), (range.Length.TotalMinutes, range.Name));
    }
}
