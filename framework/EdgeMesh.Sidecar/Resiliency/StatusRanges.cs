using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>Status codes as a retry's <c>matching</c> lists them: <c>429,501-503</c>.</summary>
internal sealed class StatusRanges
{
    private readonly (int First, int Last)[] _ranges;

    private StatusRanges((int, int)[] ranges) => _ranges = ranges;

    public bool Contains(int status) => Array.Exists(_ranges, r => status >= r.First && status <= r.Last);

    /// <param name="text">Codes and ranges, by commas.</param>
    /// <param name="smallest">Of the protocol's codes.</param>
    /// <param name="largest">Of the protocol's codes.</param>
    /// <param name="ranges">What was read.</param>
    public static bool TryParse(string text, int smallest, int largest, [NotNullWhen(true)] out StatusRanges? ranges)
    {
        ranges = null;
        var read = new List<(int, int)>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var dash = part.IndexOf('-', StringComparison.Ordinal);
            var (from, to) = dash < 0 ? (part, part) : (part[..dash], part[(dash + 1)..]);
            if (!int.TryParse(from.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var first)
                || !int.TryParse(to.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var last)
                || first < smallest || last > largest || first > last)
            {
                return false;
            }

            read.Add((first, last));
        }

        ranges = new StatusRanges([.. read]);
        return true;
    }
}
