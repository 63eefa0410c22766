namespace EdgeMesh.Ledger;

/// <summary>Which tiles and bundles a tree of some size has.</summary>
public static class TileLayout
{
    private const int LevelBits = 8;

    /// <summary>How many hashes a level of tiles has in all.</summary>
    public static long HashCount(long size, int level) => level * LevelBits > 62 ? 0 : size >> (level * LevelBits);

    /// <summary>The width of a tile in a tree: 256, less at the right edge, 0 when the tree has no such tile.</summary>
    public static int Width(long size, int level, long index) =>
        (int)Math.Clamp(HashCount(size, Math.Max(level, 0)) - Math.Min(index, long.MaxValue / TilePath.FullWidth) * TilePath.FullWidth, 0, TilePath.FullWidth);

    /// <summary>A tile or bundle in the width that it has in a tree.</summary>
    public static TilePath Tile(long size, int level, long index) => new(level, index, Width(size, level, index));

    /// <summary>How many levels of tiles a tree has.</summary>
    public static int Levels(long size)
    {
        var levels = 0;
        while (HashCount(size, levels) > 0)
        {
            levels++;
        }

        return levels;
    }

    /// <summary>Everything that a log of this size serves, without the checkpoint: tiles from the lowest level up, then bundles.</summary>
    public static IEnumerable<TilePath> All(long size) =>
        Enumerable.Range(0, Levels(size)).Append(TilePath.Entries).SelectMany(level => Level(size, level));

    private static IEnumerable<TilePath> Level(long size, int level)
    {
        for (var index = 0L; Width(size, level, index) > 0; index++)
        {
            yield return Tile(size, level, index);
        }
    }
}
