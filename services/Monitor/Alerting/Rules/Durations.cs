using System.Globalization;

namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>Times as people write them: <c>90s</c>, <c>5m</c>, <c>4h</c>, <c>1d</c>.</summary>
internal static class Durations
{
    private static readonly (char Unit, TimeSpan Length)[] Units =
        [('d', TimeSpan.FromDays(1)), ('h', TimeSpan.FromHours(1)), ('m', TimeSpan.FromMinutes(1)), ('s', TimeSpan.FromSeconds(1))];

    public static bool TryRead(string text, out TimeSpan duration)
    {
        duration = default;
        var unit = Units.FirstOrDefault(u => text.EndsWith(u.Unit));
        if (unit.Unit == default || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return false;
        }

        duration = unit.Length * count;
        return true;
    }

    /// <summary>In the largest unit of which it is at least one, rounded down.</summary>
    public static string Write(TimeSpan duration)
    {
        var unit = Units.FirstOrDefault(u => duration >= u.Length);
        return unit.Unit == default ? "0s" : string.Create(CultureInfo.InvariantCulture, $"{(long)(duration / unit.Length)}{unit.Unit}");
    }
}
