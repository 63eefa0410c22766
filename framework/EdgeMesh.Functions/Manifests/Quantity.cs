using System.Globalization;

namespace EdgeMesh.Functions.Manifests;

/// <summary>Durations and sizes as people write them; the schema has checked their form.</summary>
internal static class Quantity
{
    public static TimeSpan Duration(string text)
    {
        var (number, unit) = Split(text);
        return unit switch
        {
            "ms" => TimeSpan.FromMilliseconds(number),
            "s" => TimeSpan.FromSeconds(number),
            "m" => TimeSpan.FromMinutes(number),
            "h" => TimeSpan.FromHours(number),
            _ => throw new FormatException($"'{text}' is no duration such as 200ms, 5s, 1m"),
        };
    }

    /// <summary>In bytes. Null: more than an int holds.</summary>
    public static int? Size(string text)
    {
        var (number, unit) = Split(text);
        var bytes = unit switch
        {
            "B" => number,
            "KiB" => number * 1024,
            "MiB" => number * 1024 * 1024,
            _ => throw new FormatException($"'{text}' is no size such as 64KiB, 16MiB"),
        };
        return bytes <= int.MaxValue ? (int)bytes : null;
    }

    private static (long Number, string Unit) Split(string text)
    {
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return (long.Parse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture), text[digits..]);
    }
}
