using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>A stretch of time in UTC ticks, the end excluded: a date is as long as its precision, an open period reaches to the end of time.</summary>
internal readonly partial record struct DateSpan(long From, long Until)
{
    public const long Beginning = 0;
    public static readonly long End = DateTime.MaxValue.Ticks;

    /// <summary>Reads a FHIR date, dateTime or instant of any precision; times without a zone are UTC.</summary>
    public static bool TryParse(string? text, out DateSpan span)
    {
        span = default;
        if (text is null || Shape().Match(text) is not { Success: true } match)
        {
            return false;
        }

        int Part(string group, int absent) => match.Groups[group] is { Success: true } part ? int.Parse(part.ValueSpan, CultureInfo.InvariantCulture) : absent;
        int year = Part("y", 1), month = Part("m", 1), day = Part("d", 1), second = Math.Min(Part("s", 0), 59);
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || Part("h", 0) > 23 || Part("n", 0) > 59)
        {
            return false;
        }

        var from = new DateTime(year, month, day, Part("h", 0), Part("n", 0), second, DateTimeKind.Utc);
        var fraction = match.Groups["f"];
        var until = match switch
        {
            _ when fraction.Success => Fraction(ref from, fraction.ValueSpan),
            _ when match.Groups["s"].Success => from.Ticks + TimeSpan.TicksPerSecond,
            _ when match.Groups["h"].Success => from.Ticks + TimeSpan.TicksPerMinute,
            _ when match.Groups["d"].Success => from.Ticks + TimeSpan.TicksPerDay,
            _ when match.Groups["m"].Success => month == 12 ? YearEnd(year) : new DateTime(year, month + 1, 1).Ticks,
            _ => YearEnd(year),
        };
        var shift = Offset(match.Groups["z"].ValueSpan);
        span = new DateSpan(Clamp(from.Ticks - shift), Clamp(until - shift));
        return true;
    }

    public static DateSpan At(DateTimeOffset time, long length) => new(time.UtcTicks, time.UtcTicks + length);

    private static long YearEnd(int year) => year == 9999 ? End : new DateTime(year + 1, 1, 1).Ticks;

    private static long Clamp(long ticks) => Math.Clamp(ticks, Beginning, End);

    private static long Fraction(ref DateTime from, ReadOnlySpan<char> digits)
    {
        var length = TimeSpan.TicksPerSecond;
        foreach (var digit in digits[..Math.Min(digits.Length, 7)])
        {
            length /= 10;
            from = from.AddTicks((digit - '0') * length);
        }

        return from.Ticks + Math.Max(1, length);
    }

    private static long Offset(ReadOnlySpan<char> zone)
    {
        if (zone.Length != 6)
        {
            return 0;
        }

        var minutes = (int.Parse(zone[1..3], CultureInfo.InvariantCulture) * 60) + int.Parse(zone[4..6], CultureInfo.InvariantCulture);
        return (zone[0] == '-' ? -minutes : minutes) * TimeSpan.TicksPerMinute;
    }

    [GeneratedRegex(@"^(?<y>\d{4})(-(?<m>\d{2})(-(?<d>\d{2})(T(?<h>\d{2}):(?<n>\d{2})(:(?<s>\d{2})(\.(?<f>\d+))?)?(?<z>Z|[+-]\d{2}:\d{2})?)?)?)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();
}
