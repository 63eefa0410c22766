using System.Collections.Immutable;
using EdgeMesh.Ledger.Storage;
using EdgeMesh.Ledger.Tree;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>What still grows of a log of some size: the partial tile of each level and the partial bundle. Never changes; appending makes another.</summary>
internal sealed record RightEdge(long Size, ImmutableArray<ImmutableArray<LogHash>> Levels, ImmutableArray<ReadOnlyMemory<byte>> Entries, int ClosedPieces, int OpenFrom)
{
    private const char Kind = 'T';

    public static RightEdge Empty { get; } = new(0, [], [], 0, 0);

    public long Bundle => Size / TilePath.FullWidth;

    public LogHash Root()
    {
        LogHash? below = null;
        foreach (var level in Levels)
        {
            LogHash[] hashes = below is { } smaller ? [.. level, smaller] : [.. level];
            below = hashes.Length > 0 ? TreeHash.Root(hashes) : below;
        }

        return below ?? TreeHash.Empty;
    }

    /// <summary>The roots of the complete subtrees, largest first.</summary>
    public CompactTree ToTree()
    {
        var peaks = new List<LogHash>();
        foreach (var level in Levels.Reverse())
        {
            var from = 0;
            for (var width = TilePath.FullWidth / 2; width > 0; width /= 2)
            {
                if ((level.Length & width) != 0)
                {
                    peaks.Add(TreeHash.Root(level.AsSpan().Slice(from, width)));
                    from += width;
                }
            }
        }

        return new CompactTree(Size, peaks);
    }

    /// <summary>Whether the entries are those whose hashes the lowest tile has.</summary>
    public bool EntriesHold() => Entries.Select(e => TreeHash.Leaf(e.Span)).SequenceEqual(Levels.IsEmpty ? [] : Levels[0]);

    /// <summary>The bytes of the piece of the bundle that is still open.</summary>
    public byte[] OpenPiece() => EntryBundle.Write(Entries.Skip(OpenFrom));

    public StagedRow ToRow() => new(LedgerKeys.Tail(Size), Immutable: false, RowFormat.Write(Kind, writer =>
    {
        writer.Write(Size);
        writer.Write(ClosedPieces);
        writer.Write(OpenFrom);
        writer.Write7BitEncodedInt(Levels.Length);
        foreach (var level in Levels)
        {
            writer.Write7BitEncodedInt(level.Length);
            foreach (var hash in level)
            {
                writer.WriteHash(hash);
            }
        }

        writer.WriteBytes(OpenPiece());
    }));

    /// <summary>Reads an edge; its entries are only those of the open piece: whoever needs all puts the closed pieces before them.</summary>
    public static RightEdge FromRow(string key, ReadOnlyMemory<byte> row) => RowFormat.Read(key, Kind, row, reader =>
    {
        var (size, closed, openFrom) = (reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt32());
        var levels = ImmutableArray.CreateBuilder<ImmutableArray<LogHash>>();
        for (var level = reader.Read7BitEncodedInt(); level > 0; level--)
        {
            levels.Add([.. Enumerable.Range(0, reader.Read7BitEncodedInt()).Select(_ => reader.ReadHash())]);
        }

        var entries = EntryBundle.TryRead(reader.ReadBytesExactly()) ?? throw new FormatException("its entries are no bundle.");
        return new RightEdge(size, levels.ToImmutable(), [.. entries], closed, openFrom);
    });
}
