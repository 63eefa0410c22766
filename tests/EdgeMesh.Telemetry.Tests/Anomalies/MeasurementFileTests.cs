using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Telemetry.Tests.Anomalies;

public sealed class MeasurementFileTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Fact]
    public void Read_HeaderSpacesOffsetsAndGaps_AreUnderstood()
    {
        File.WriteAllText(file, "timestamp,value\n2026-02-14 09:30:00,12.5\n2026-02-14T09:35:00.250+02:00,-1e3\r\n\n\"2026-02-14 09:40:00\",\"7\"\n2026-02-14 09:45:00,\n2026-02-14 09:50:00,NaN\n");

        var points = MeasurementFile.Read(file).ToArray();

        Assert.Equal([12.5, -1000, 7, double.NaN, double.NaN], points.Select(p => p.Value));
        Assert.Equal(new DateTimeOffset(2026, 2, 14, 9, 30, 0, TimeSpan.Zero), points[0].Time);
        Assert.Equal(TimeSpan.FromHours(2), points[1].Time.Offset);
    }

    [Fact]
    public void Read_NoHeader_KeepsTheFirstPoint()
    {
        File.WriteAllText(file, "2026-02-14 09:30:00,12.5\n");

        Assert.Equal(12.5, Assert.Single(MeasurementFile.Read(file)).Value);
    }

    [Theory]
    [InlineData("2026-02-14 09:35:00", "comma")]
    [InlineData("yesterday,3", "'yesterday' is not a timestamp")]
    [InlineData("2026-02-14 09:35:00,many", "'many' is not a number")]
    [InlineData("2026-02-14 09:35:00,1,2", "'1,2' is not a number")]
    public void Read_LineThatIsNoPoint_IsNamed(string line, string why)
    {
        File.WriteAllText(file, $"timestamp,value\n2026-02-14 09:30:00,1\n{line}\n");

        var fault = Assert.Throws<FormatException>(() => MeasurementFile.Read(file).ToArray());

        Assert.Contains("line 3", fault.Message, StringComparison.Ordinal);
        Assert.Contains(why, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_LineTooLong_IsRefused()
    {
        File.WriteAllText(file, $"timestamp,value\n2026-02-14 09:30:00,{new string('1', 1000)}\n");

        Assert.Contains("too long", Assert.Throws<FormatException>(() => MeasurementFile.Read(file).ToArray()).Message, StringComparison.Ordinal);
    }
}
