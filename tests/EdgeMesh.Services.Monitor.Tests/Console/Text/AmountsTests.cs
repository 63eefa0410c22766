using EdgeMesh.Services.Monitor.Console.Text;

namespace EdgeMesh.Services.Monitor.Tests.Console.Text;

public sealed class AmountsTests
{
    [Theory]
    [InlineData(0.0004, "0.4 µs")]
    [InlineData(0.18, "180 µs")]
    [InlineData(180, "180 ms")]
    [InlineData(4_200, "4.2 s")]
    [InlineData(192_000, "3 min 12 s")]
    [InlineData(180_000, "3 min")]
    [InlineData(2_700_000, "45 min")]
    [InlineData(11_100_000, "3 h 5 min")]
    [InlineData(273_600_000, "3 d 4 h")]
    [InlineData(-4_200, "−4.2 s")]
    public void Span_IsSaidInTwoPartsAtMost(double milliseconds, string words) => Assert.Equal(words, Amounts.Span(TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(0.4, "now")]
    [InlineData(12.9, "12 s")]
    [InlineData(299, "4 min")]
    [InlineData(7_260, "2 h 1 min")]
    [InlineData(172_800, "2 d")]
    public void Age_DoesNotFlicker(double seconds, string words) => Assert.Equal(words, Amounts.Age(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0.06, "s", "60 ms")]
    [InlineData(0, "s", "0 s")]
    [InlineData(1536, "By", "1.5 KiB")]
    [InlineData(12.34, "{request}/s", "12.3 requests/s")]
    [InlineData(1, "{record}", "1 record")]
    [InlineData(1500, "{record}", "1,500 records")]
    [InlineData(21.5, "Cel", "21.5 Cel")]
    [InlineData(0.1234, "1", "0.123")]
    [InlineData(double.NaN, "s", "–")]
    [InlineData(double.PositiveInfinity, "By", "–")]
    public void Value_IsSaidInItsUnit(double value, string unit, string words) => Assert.Equal(words, Amounts.Value(value, unit));

    [Theory]
    [InlineData(0, "0 B·s")]
    [InlineData(0.235, "246 B·s")]
    [InlineData(1_500, "1.5 MiB·s")]
    public void ByteSeconds_AreSaidWithoutPowersOfTen(double mebibyteMilliseconds, string words) => Assert.Equal(words, Amounts.ByteSeconds(mebibyteMilliseconds));

    [Theory]
    [InlineData(1, "1 line")]
    [InlineData(0, "0 lines")]
    [InlineData(1_234, "1,234 lines")]
    public void Count_KnowsOneFromMany(long count, string words) => Assert.Equal(words, Amounts.Count(count, "line"));
}
