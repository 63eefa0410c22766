using System.Numerics;

namespace EdgeMesh.Ledger.Tree;

/// <summary>A tree of which only the roots of its complete subtrees are kept, largest first: enough to append and to know the root.</summary>
internal sealed class CompactTree
{
    private readonly List<LogHash> _peaks;

    public CompactTree()
        : this(0, [])
    {
    }

    public CompactTree(long size, IEnumerable<LogHash> peaks)
    {
        (Size, _peaks) = (size, [.. peaks]);
        if (_peaks.Count != BitOperations.PopCount((ulong)size))
        {
            throw new ArgumentException($"A tree of {size} entries has {BitOperations.PopCount((ulong)size)} complete subtrees, not {_peaks.Count}.", nameof(peaks));
        }
    }

    public long Size { get; private set; }

    public CompactTree Copy() => new(Size, _peaks);

    public void Append(LogHash leaf)
    {
        var hash = leaf;
        // Each trailing one bit of the size is a complete subtree that the new one completes.
        for (var left = Size; (left & 1) == 1; left >>= 1)
        {
            hash = TreeHash.Node(_peaks[^1], hash);
            _peaks.RemoveAt(_peaks.Count - 1);
        }

        _peaks.Add(hash);
        Size++;
    }

    public LogHash Root()
    {
        if (_peaks.Count == 0)
        {
            return TreeHash.Empty;
        }

        var root = _peaks[^1];
        for (var i = _peaks.Count - 2; i >= 0; i--)
        {
            root = TreeHash.Node(_peaks[i], root);
        }

        return root;
    }
}
