namespace EdgeMesh.Telemetry;

/// <summary>Reads batches from the segments of all priorities: the highest first, so that after an outage what matters is seen first.</summary>
internal sealed class SpoolReader(Lane[] lanes, ShipCursor cursor)
{
    private long _corrupt;

    /// <summary>Records whose bytes on disk had changed; they can't be shipped.</summary>
    public long Corrupt => Volatile.Read(ref _corrupt);

    /// <summary>The next records, up to a number and a size; null: there are none.</summary>
    /// <param name="mostRecords">The number.</param>
    /// <param name="mostBytes">The size, which the last record may exceed.</param>
    /// <param name="behind">Begins behind it; null: behind what was delivered.</param>
    public SpoolBatch? Read(int mostRecords, int mostBytes, SpoolBatch? behind)
    {
        var records = new List<SpooledRecord>();
        SpoolPosition[] begins = behind?.Ends ?? [.. lanes.Select(l => cursor.Delivered(l.Priority))];
        var ends = new SpoolPosition[lanes.Length];
        var (bytes, inDoubt) = (0, false);
        foreach (var lane in lanes.Reverse())
        {
            var begin = begins[(int)lane.Priority];
            var end = begin;
            foreach (var segment in lane.Segments.Where(s => s.Sequence >= begin.Sequence && s.Records > 0))
            {
                end = ReadSegment(segment, segment.Sequence == end.Sequence ? end : new SpoolPosition(segment.Sequence, 0, 0), records, ref bytes, mostRecords, mostBytes);
                if (records.Count >= mostRecords || bytes >= mostBytes)
                {
                    break;
                }
            }

            inDoubt |= end.CompareTo(begin) > 0 && cursor.Sent(lane.Priority).CompareTo(begin) > 0;
            ends[(int)lane.Priority] = end;
        }

        return ends.Where((end, lane) => end.CompareTo(begins[lane]) > 0).Any() ? new SpoolBatch(records, ends, inDoubt, records.Count >= mostRecords || bytes >= mostBytes) : null;
    }

    private SpoolPosition ReadSegment(Segment segment, SpoolPosition from, List<SpooledRecord> records, ref int bytes, int mostRecords, int mostBytes)
    {
        if (from.Offset >= segment.Length || records.Count >= mostRecords || bytes >= mostBytes)
        {
            return from;
        }

        using var reader = SegmentReader.Open(segment.Path, from.Offset, segment.Length);
        var index = from.Index;
        while (records.Count < mostRecords && bytes < mostBytes)
        {
            if (!reader.Next())
            {
                // Either the end, or bytes that have changed on disk: what follows them in this segment can't be read.
                Interlocked.Add(ref _corrupt, segment.Records - index);
                return new SpoolPosition(segment.Sequence, segment.Length, segment.Records);
            }

            records.Add(new SpooledRecord(SpooledRecord.IdOf(segment.Nonce, index++), reader.Payload.ToArray()));
            bytes += reader.Payload.Length;
        }

        return new SpoolPosition(segment.Sequence, reader.Offset, index);
    }
}
