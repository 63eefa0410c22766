using CsCheck;

namespace EdgeMesh.Ledger.Tests.Tiles;

public sealed class TilePathTests
{
    [Theory]
    [InlineData("tile/0/x001/x234/067", 0, 1234067, 256)]
    [InlineData("tile/entries/000.p/17", TilePath.Entries, 0, 17)]
    [InlineData("tile/63/x001/000.p/255", 63, 1000, 255)]
    public void TryParse_ACanonicalPath_IsRead(string text, int level, long index, int width)
    {
        Assert.True(TilePath.TryParse(text, out var path));
        Assert.Equal(new TilePath(level, index, width), path);
        Assert.Equal(text, path.ToString());
    }

    [Theory]
    [InlineData("tile/0/x000/067")]
    [InlineData("tile/0/67")]
    [InlineData("tile/0/001/067")]
    [InlineData("tile/00/067")]
    [InlineData("tile/64/067")]
    [InlineData("tile/-1/067")]
    [InlineData("tile/0/067.p/256")]
    [InlineData("tile/0/067.p/0")]
    [InlineData("tile/0/067.p/01")]
    [InlineData("tile/0/067.p/")]
    [InlineData("tile/0/x067")]
    [InlineData("tile/0/../067")]
    [InlineData("tile/0/x999/x999/x999/x999/x999/x999/x999/999")]
    [InlineData("tile//067")]
    [InlineData("tile/0/")]
    [InlineData("")]
    public void TryParse_AnythingElse_IsRefused(string text) => Assert.False(TilePath.TryParse(text, out _));

    [Fact]
    public void ToString_AnyPath_ReadsBack() =>
        Gen.Select(Gen.Int[-1, 63], Gen.Long[0, long.MaxValue], Gen.Int[1, 256]).Sample((level, index, width) =>
            TilePath.TryParse(new TilePath(level, index, width).ToString(), out var path) && path == new TilePath(level, index, width));

    [Fact]
    public void TryParse_AnyText_NeverThrows() => Gen.String[Gen.Char["tile/0123x.p-"], 0, 30].Sample(text => { TilePath.TryParse(text, out _); });

    [Fact]
    public void Width_OfTheSpecificationsExample_IsTheSame()
    {
        // "A tree of size 70,000 will be represented by 273 full level 0 tiles, one partial of width 112, one full level 1 tile, …"
        var tiles = TileLayout.All(70_000).Where(t => !t.IsEntries).ToArray();
        Assert.Equal(273, tiles.Count(t => t is { Level: 0, Width: 256 }));
        Assert.Equal([new(0, 273, 112), new(1, 0, 256), new(1, 1, 17), new(2, 0, 1)], tiles.Skip(273));
        Assert.Equal([new(0, 0, 256), new(1, 0, 1), new(TilePath.Entries, 0, 256)], TileLayout.All(256));
        Assert.Empty(TileLayout.All(0));
        Assert.Equal(0, TileLayout.Width(256, 0, long.MaxValue));
    }

    [Fact]
    public void Bundle_AnyEntries_ReadBack_AndTruncated_DoNot() =>
        Gen.Byte.Array[1, 300].Array[1, 20].Sample(entries =>
        {
            var bundle = EntryBundle.Write(entries.Select(e => (ReadOnlyMemory<byte>)e));
            return EntryBundle.TryRead(bundle)!.Select(e => e.ToArray()).SequenceEqual(entries, Same.Bytes)
                && EntryBundle.TryRead(bundle.AsMemory(..^1)) is null
                && EntryBundle.TryRead(bundle, entries.Length - 1) is null;
        }, iter: 200);

    private sealed class Same : IEqualityComparer<byte[]>
    {
        public static readonly Same Bytes = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => obj.Length;
    }
}
