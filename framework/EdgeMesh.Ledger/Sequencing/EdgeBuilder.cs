using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>Appends entries to a right edge, and collects the bodies that this fills.</summary>
internal sealed class EdgeBuilder
{
    /// <summary>A piece of a bundle closes at this many bytes, so that the open one, which is written with every batch, stays small
    /// and no value nears 1 MiB.</summary>
    public const int PieceLength = 64 * 1024;

    private readonly List<List<LogHash>> _levels;
    private readonly List<ReadOnlyMemory<byte>> _entries;
    private readonly List<StagedRow> _rows = [];
    private long _size;
    private int _closedPieces;
    private int _openFrom;
    private int _openLength;

    public EdgeBuilder(RightEdge edge)
    {
        _levels = [.. edge.Levels.Select(l => l.ToList())];
        _entries = [.. edge.Entries];
        (_size, _closedPieces, _openFrom) = (edge.Size, edge.ClosedPieces, edge.OpenFrom);
        _openLength = edge.Entries.Skip(edge.OpenFrom).Sum(EntryBundle.Length);
    }

    public void Append(ReadOnlyMemory<byte> entry, LogHash leaf)
    {
        _entries.Add(entry);
        _openLength += EntryBundle.Length(entry);
        if (_entries.Count == TilePath.FullWidth)
        {
            CloseBundle();
        }
        else if (_openLength >= PieceLength)
        {
            ClosePiece();
        }

        AddHash(0, _size, leaf);
        _size++;
    }

    public (RightEdge Edge, IReadOnlyList<StagedRow> Rows) Build()
    {
        var edge = new RightEdge(_size, [.. _levels.Select(l => l.ToArray()).Select(System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray)], [.. _entries], _closedPieces, _openFrom);
        return (edge, [.. _rows, edge.ToRow()]);
    }

    /// <param name="level">The tile level.</param>
    /// <param name="place">The hash's place in the level.</param>
    /// <param name="hash">The hash.</param>
    private void AddHash(int level, long place, LogHash hash)
    {
        if (level == _levels.Count)
        {
            _levels.Add([]);
        }

        var tile = _levels[level];
        tile.Add(hash);
        if (tile.Count < TilePath.FullWidth)
        {
            return;
        }

        var index = place / TilePath.FullWidth;
        _rows.Add(new StagedRow(LedgerKeys.Tile(level, index), true, TileBytes(tile)));
        var root = TreeHash.Root(tile.ToArray());
        tile.Clear();
        AddHash(level + 1, index, root);
    }

    private void ClosePiece()
    {
        _rows.Add(new StagedRow(LedgerKeys.Piece(_size / TilePath.FullWidth, _closedPieces), true, EntryBundle.Write(_entries.Skip(_openFrom))));
        (_closedPieces, _openFrom, _openLength) = (_closedPieces + 1, _entries.Count, 0);
    }

    private void CloseBundle()
    {
        var row = BundleRow.Write(_closedPieces, EntryBundle.Write(_entries.Skip(_openFrom)));
        _rows.Add(new StagedRow(LedgerKeys.Bundle(_size / TilePath.FullWidth), true, row));
        _entries.Clear();
        (_closedPieces, _openFrom, _openLength) = (0, 0, 0);
    }

    internal static byte[] TileBytes(IReadOnlyList<LogHash> hashes)
    {
        var bytes = new byte[hashes.Count * LogHash.Length];
        for (var i = 0; i < hashes.Count; i++)
        {
            hashes[i].CopyTo(bytes.AsSpan(i * LogHash.Length));
        }

        return bytes;
    }
}
