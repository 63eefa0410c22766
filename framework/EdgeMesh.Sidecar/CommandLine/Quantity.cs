using System.Globalization;

namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>Kubernetes' resource quantities for sizes: <c>4Mi</c>, <c>500k</c>, <c>1048576</c>.</summary>
internal static class Quantity
{
    private static readonly (string Suffix, long Factor)[] Units =
        [("Ki", 1L << 10), ("Mi", 1L << 20), ("Gi", 1L << 30), ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000), ("", 1)];

    public static bool TryParse(string text, out long bytes)
    {
        var (suffix, factor) = Units.First(u => text.EndsWith(u.Suffix, StringComparison.Ordinal));
        var fits = decimal.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number > 0 && number * factor <= int.MaxValue;
        bytes = fits ? (long)(number * factor) : 0;
        return fits;
    }
}
