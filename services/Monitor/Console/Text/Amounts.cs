using System.Globalization;

namespace EdgeMesh.Services.Monitor.Console.Text;

/// <summary>Figures for people. Times are UTC: sites lie in several zones, and log lines must compare.</summary>
internal static class Amounts
{
    private static readonly string[] ByteUnits = ["B", "KiB", "MiB", "GiB", "TiB"];

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 record", "2 records".</summary>
    public static string Count(long count, string one) => $"{Count(count)} {one}{(count == 1 ? "" : "s")}";

    public static string Bytes(double bytes)
    {
        var unit = 0;
        for (; Math.Abs(bytes) >= 1024 && unit < ByteUnits.Length - 1; unit++)
        {
            bytes /= 1024;
        }

        return $"{Short(bytes)} {ByteUnits[unit]}";
    }

    /// <summary>Memory times time, of which the functions service tells MiB·ms.</summary>
    public static string ByteSeconds(double mebibyteMilliseconds) => Bytes(Math.Round(mebibyteMilliseconds / 1000 * 1024 * 1024)) + "·s";

    /// <summary>Two parts at most: "3 d 4 h", "12 min", "4.2 s", "180 ms".</summary>
    public static string Span(TimeSpan span)
    {
        var negative = span < TimeSpan.Zero ? "−" : "";
        var d = span.Duration();
        return negative + d switch
        {
            { TotalMilliseconds: < 1 } => $"{Short(d.TotalMicroseconds)} µs",
            { TotalSeconds: < 1 } => $"{Short(d.TotalMilliseconds)} ms",
            { TotalMinutes: < 1 } => $"{Short(d.TotalSeconds)} s",
            { TotalMinutes: < 10 } => d.Seconds == 0 ? $"{d.Minutes} min" : $"{d.Minutes} min {d.Seconds} s",
            { TotalHours: < 1 } => $"{(int)d.TotalMinutes} min",
            { TotalDays: < 1 } => d.Minutes == 0 ? $"{d.Hours} h" : $"{d.Hours} h {d.Minutes} min",
            _ => d.Hours == 0 ? $"{d.Days} d" : $"{d.Days} d {d.Hours} h",
        };
    }

    /// <summary>An age in whole units, so that it does not flicker: "now", "12 s", "4 min", "3 h", "2 d".</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => "now",
        { TotalMinutes: < 1 } => $"{(int)age.TotalSeconds} s",
        { TotalHours: < 1 } => $"{(int)age.TotalMinutes} min",
        { TotalDays: < 1 } => age.Minutes == 0 ? $"{(int)age.TotalHours} h" : $"{(int)age.TotalHours} h {age.Minutes} min",
        _ => age.Hours == 0 ? $"{age.Days} d" : $"{age.Days} d {age.Hours} h",
    };

    public static string Share(double share) => share.ToString("0 %", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Moment(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>For attributes that programs read.</summary>
    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    /// <summary>A measured value in its unit (UCUM): seconds and bytes in what reads best.</summary>
    public static string Value(double value, string unit) => !double.IsFinite(value) ? "–" : unit switch
    {
        "s" => value == 0 ? "0 s" : Span(TimeSpan.FromSeconds(Math.Clamp(value, -1e9, 1e9))),
        "ms" => value == 0 ? "0 ms" : Span(TimeSpan.FromMilliseconds(Math.Clamp(value, -1e12, 1e12))),
        "By" => Bytes(value),
        "By/s" => Bytes(value) + "/s",
        "1" or "" => Short(value),
        _ => $"{Short(value)} {Things(unit, Math.Abs(value) != 1)}",
    };

    /// <summary>What UCUM has in braces is counted: "{request}/s" of several is "requests/s".</summary>
    private static string Things(string unit, bool areSeveral) => unit.Replace("{", "", StringComparison.Ordinal).Replace("}", areSeveral ? "s" : "", StringComparison.Ordinal);

    /// <summary>Three figures that matter.</summary>
    public static string Short(double value) => Math.Abs(value) switch
    {
        0 => "0",
        >= 1e9 or < 1e-3 => value.ToString("0.##E+0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.#", CultureInfo.InvariantCulture),
        >= 1 => value.ToString("0.##", CultureInfo.InvariantCulture),
        _ => value.ToString("0.###", CultureInfo.InvariantCulture),
    };
}
