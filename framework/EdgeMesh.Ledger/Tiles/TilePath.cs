using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace EdgeMesh.Ledger;

/// <summary>Names a resource of the static log API (C2SP tlog-tiles): <c>tile/L/N[.p/W]</c> or <c>tile/entries/N[.p/W]</c>.</summary>
/// <param name="Level">0 to 63; -1 for a bundle of entries.</param>
/// <param name="Index">The place within the level.</param>
/// <param name="Width">1 to 256 hashes or entries; 256 is a full tile.</param>
public readonly record struct TilePath(int Level, long Index, int Width)
{
    /// <summary>A full tile's width.</summary>
    public const int FullWidth = 256;

    /// <summary>The level that stands for bundles of entries.</summary>
    public const int Entries = -1;

    private const int MaxLevel = 63;
    private const int Group = 1000;

    /// <summary>Whether it names entries.</summary>
    public bool IsEntries => Level == Entries;

    /// <summary>Reads a path; only the canonical form is one.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TilePath? path)
    {
        path = null;
        var parts = text.Split('/');
        if (parts.Length < 3 || parts.Length > 12 || parts[0] != "tile" || !TryParseLevel(parts[1], out var level))
        {
            return false;
        }

        var width = FullWidth;
        var last = parts.Length;
        if (parts[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (parts.Length < 4 || !TryParseNumber(parts[^1], out width) || width is < 1 or >= FullWidth)
            {
                return false;
            }

            parts[^2] = parts[^2][..^2];
            last--;
        }

        if (TryParseIndex(parts.AsSpan(2, last - 2), out var index))
        {
            path = new TilePath(level, index, width);
        }

        // One spelling for each tile: whatever formats differently was not canonical.
        return path is { } found && found.ToString() == text;
    }

    /// <summary>The path, without a leading slash.</summary>
    public override string ToString()
    {
        var level = IsEntries ? "entries" : Level.ToString(CultureInfo.InvariantCulture);
        var index = (Index % Group).ToString("000", CultureInfo.InvariantCulture);
        for (var rest = Index / Group; rest > 0; rest /= Group)
        {
            index = string.Create(CultureInfo.InvariantCulture, $"x{rest % Group:000}/{index}");
        }

        return Width == FullWidth ? $"tile/{level}/{index}" : string.Create(CultureInfo.InvariantCulture, $"tile/{level}/{index}.p/{Width}");
    }

    private static bool TryParseLevel(string text, out int level)
    {
        level = Entries;
        return text == "entries" || (TryParseNumber(text, out level) && level <= MaxLevel);
    }

    private static bool TryParseIndex(ReadOnlySpan<string> groups, out long index)
    {
        index = 0;
        for (var i = 0; i < groups.Length; i++)
        {
            var digits = i < groups.Length - 1 && groups[i].StartsWith('x') ? groups[i][1..] : groups[i];
            if (digits.Length != 3 || !TryParseNumber(digits, out var group) || index > (long.MaxValue - group) / Group)
            {
                return false;
            }

            index = (index * Group) + group;
        }

        return groups.Length > 0;
    }

    private static bool TryParseNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
