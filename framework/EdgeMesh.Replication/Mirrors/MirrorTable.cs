using EdgeMesh.Replication.Codec;
using Google.Protobuf;

namespace EdgeMesh.Replication.Mirrors;

/// <summary>A mirror's table of contents: which segment holds which positions, in rows of a fixed number of segments.</summary>
internal sealed class MirrorTable(MirrorKeys keys, IJournalStore store)
{
    private const int SegmentsPerRow = 256;

    private readonly Dictionary<long, Wire.MirrorIndex> _rows = [];

    /// <summary>The first segment with records after a position; <paramref name="count"/> when there is none.</summary>
    public async ValueTask<long> FindAsync(Position after, long count, CancellationToken cancellation)
    {
        var (low, high) = (0L, count);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            if (WireModel.Read((await SegmentAsync(middle, cancellation)).Last) > after)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    public async ValueTask<Wire.MirrorSegment> SegmentAsync(long number, CancellationToken cancellation)
    {
        var row = await RowAsync(number / SegmentsPerRow, cancellation);
        return row.Segments[(int)(number % SegmentsPerRow)];
    }

    /// <summary>The row that holds a new segment with this number.</summary>
    public async ValueTask<RowWrite> WithAsync(long number, Wire.MirrorSegment segment, CancellationToken cancellation)
    {
        var before = number % SegmentsPerRow == 0 ? new Wire.MirrorIndex() : await RowAsync(number / SegmentsPerRow, cancellation);
        // What a lost race left behind the head is not part of the table.
        var row = new Wire.MirrorIndex { Format = WireModel.Current, Segments = { before.Segments.Take((int)(number % SegmentsPerRow)).Append(segment) } };
        return new RowWrite(keys.Index(number / SegmentsPerRow), row.ToByteArray(), RowGuard.None);
    }

    private async ValueTask<Wire.MirrorIndex> RowAsync(long number, CancellationToken cancellation)
    {
        if (!_rows.TryGetValue(number, out var row))
        {
            var stored = await store.GetRowAsync(keys.Index(number), cancellation)
                ?? throw new InvalidDataException($"Row '{keys.Index(number)}' of a mirror is lost. Pull it again from its origin.");
            _rows[number] = row = Wire.MirrorIndex.Parser.ParseFrom(stored.Value.Span);
        }

        return row;
    }
}
