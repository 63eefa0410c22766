using System.Globalization;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Durations as Dapr's YAML and flags write them: <c>1h30m</c>, <c>500ms</c>, <c>-1s</c>; a bare number is seconds.</summary>
internal static class GoDuration
{
    public static bool TryParse(string? text, out TimeSpan duration)
    {
        duration = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var bare))
        {
            return TrySeconds(bare, out duration);
        }

        var rest = text.AsSpan();
        var sign = rest[0] == '-' ? -1 : 1;
        rest = rest[0] is '-' or '+' ? rest[1..] : rest;
        if (rest.IsEmpty)
        {
            return false;
        }

        double total = 0;
        while (!rest.IsEmpty)
        {
            if (!TryPart(ref rest, out var seconds))
            {
                return false;
            }

            total += seconds;
        }

        return TrySeconds(sign * total, out duration);
    }

    public static TimeSpan Parse(string text, string field) =>
        TryParse(text, out var duration) ? duration : throw new ArgumentException($"'{field}' must be a duration such as 30s or 1h30m, and is '{text}'.");

    private static bool TryPart(ref ReadOnlySpan<char> rest, out double seconds)
    {
        seconds = 0;
        var digits = rest.IndexOfAnyExcept("0123456789.");
        if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        rest = rest[digits..];
        var length = rest.IndexOfAny("0123456789.") is >= 0 and var next ? next : rest.Length;
        double? unit = rest[..length] switch
        {
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            "ms" => 1e-3,
            "us" or "µs" => 1e-6,
            "ns" => 1e-9,
            _ => null,
        };
        rest = rest[length..];
        seconds = number * unit.GetValueOrDefault();
        return unit is not null;
    }

    private static bool TrySeconds(double seconds, out TimeSpan duration)
    {
        var fits = Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds / 2;
        duration = fits ? TimeSpan.FromSeconds(seconds) : default;
        return fits;
    }
}
