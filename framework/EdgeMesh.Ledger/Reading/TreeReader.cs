using System.Collections.Immutable;
using EdgeMesh.Ledger.Tree;

namespace EdgeMesh.Ledger.Reading;

/// <summary>Makes proofs from the tiles of a log of some size.</summary>
internal sealed class TreeReader(ILogSource source, long size)
{
    private const int TileLevels = 8;

    private readonly Dictionary<TilePath, ReadOnlyMemory<byte>> _tiles = [];

    public ValueTask<ImmutableArray<LogHash>> InclusionAsync(long index, CancellationToken cancellation) =>
        HashesAsync(ProofRanges.Inclusion(index, size), cancellation);

    public ValueTask<ImmutableArray<LogHash>> ConsistencyAsync(long oldSize, CancellationToken cancellation) =>
        HashesAsync(ProofRanges.Consistency(oldSize, size), cancellation);

    /// <summary>The root over a range of a proof.</summary>
    public async ValueTask<LogHash> RangeAsync(long start, long end, CancellationToken cancellation)
    {
        var hashes = new Stack<LogHash>();
        foreach (var (level, index) in ProofRanges.Complete(start, end))
        {
            hashes.Push(await SubtreeAsync(level, index, cancellation));
        }

        var root = hashes.Pop();
        while (hashes.TryPop(out var left))
        {
            root = TreeHash.Node(left, root);
        }

        return root;
    }

    private async ValueTask<ImmutableArray<LogHash>> HashesAsync(IReadOnlyList<(long Start, long End)> ranges, CancellationToken cancellation)
    {
        var hashes = ImmutableArray.CreateBuilder<LogHash>(ranges.Count);
        foreach (var (start, end) in ranges)
        {
            hashes.Add(await RangeAsync(start, end, cancellation));
        }

        return hashes.ToImmutable();
    }

    private async ValueTask<LogHash> SubtreeAsync(int level, long index, CancellationToken cancellation)
    {
        var (tileLevel, width) = (level / TileLevels, 1 << (level % TileLevels));
        var first = index * width;
        var tile = await TileAsync(TileLayout.Tile(size, tileLevel, first / TilePath.FullWidth), cancellation);
        var offset = (int)(first % TilePath.FullWidth);
        return TreeHash.Root([.. Enumerable.Range(offset, width).Select(i => new LogHash(tile.Span.Slice(i * LogHash.Length, LogHash.Length)))]);
    }

    private async ValueTask<ReadOnlyMemory<byte>> TileAsync(TilePath path, CancellationToken cancellation)
    {
        if (_tiles.TryGetValue(path, out var known))
        {
            return known;
        }

        var bytes = await source.ReadAsync(path.ToString(), cancellation);
        return bytes is { } tile && tile.Length == path.Width * LogHash.Length
            ? _tiles[path] = tile
            : throw new InvalidDataException($"The ledger's {path} is {(bytes is null ? "missing" : $"{bytes.Value.Length} bytes long")}.");
    }
}
