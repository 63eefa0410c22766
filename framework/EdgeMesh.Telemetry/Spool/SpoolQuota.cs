using System.Runtime.ExceptionServices;

namespace EdgeMesh.Telemetry;

/// <summary>Keeps the spool within its disk space: deletes what was delivered, then gives up the oldest segment of the lowest priority,
/// after its loss stands in the ledger of gaps. Runs on the writer's thread; shares a gate with the reader, so that what is being sent
/// is not given up.</summary>
internal sealed class SpoolQuota(LogSpoolOptions options, Lane[] lanes, ShipCursor cursor, GapLedger gaps)
{
    private readonly Lock _gate = new();
    private readonly SpoolPosition[] _pinned = new SpoolPosition[lanes.Length];

    /// <summary>Reads a batch; its segments, and those before it, stay until they are delivered, or another is read.</summary>
    public SpoolBatch? Pin(Func<SpoolBatch?> read)
    {
        lock (_gate)
        {
            var batch = read();
            batch?.Ends.CopyTo(_pinned);
            return batch;
        }
    }

    /// <exception cref="IOException">A file can't be deleted. What others could be made of room was made.</exception>
    public void Keep()
    {
        Exception? refused = null;
        foreach (var lane in lanes)
        {
            try
            {
                DeleteDelivered(lane);
                lane.FinishGivingUp();
                lane.DeleteRemains();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                refused ??= error;
            }
        }

        while (lanes.Sum(l => l.Bytes) > options.Quota && GiveUp(LogPriority.High))
        {
        }

        if (refused is not null)
        {
            ExceptionDispatchInfo.Throw(refused);
        }
    }

    /// <summary>Makes room on a full disk at the cost of what is lower than this.</summary>
    public bool GiveUpBelow(LogPriority priority) => priority > LogPriority.Low && GiveUp(priority - 1);

    private bool GiveUp(LogPriority highest)
    {
        lock (_gate)
        {
            // What a disk did not let go the last time is the next to go: a second one would be lost for nothing.
            if (lanes.Any(l => l.Priority <= highest && l.FinishGivingUp()))
            {
                return true;
            }

            var found = (from lane in lanes
                         where lane.Priority <= highest
                         from segment in lane.Segments
                         where segment.Records > 0 && !IsInFlight(lane, segment)
                         select (Lane: lane, Segment: segment)).FirstOrDefault();
            if (found.Lane is null)
            {
                return false;
            }

            Count(found.Lane, found.Segment);
            found.Lane.GiveUp(found.Segment);
            return true;
        }
    }

    private void Count(Lane lane, Segment segment)
    {
        // One before the cursor arrived, and was only not deleted yet.
        var delivered = cursor.Delivered(lane.Priority);
        var (records, bytes) = delivered.Sequence.CompareTo(segment.Sequence) switch
        {
            0 => (segment.Records - delivered.Index, segment.Length - delivered.Offset),
            > 0 => (0, 0),
            _ => (segment.Records, segment.Length),
        };
        if (records > 0)
        {
            gaps.Add(lane.Priority, records, bytes, segment.First, segment.Last, segment.Sequence);
        }
    }

    private void DeleteDelivered(Lane lane)
    {
        var delivered = cursor.Delivered(lane.Priority);
        foreach (var segment in lane.Segments)
        {
            var isDone = segment.Sequence < delivered.Sequence || (segment.Sequence == delivered.Sequence && delivered.Offset >= segment.Length);
            if (isDone && !lane.IsOpen(segment))
            {
                lane.Delete(segment);
            }
        }
    }

    private bool IsInFlight(Lane lane, Segment segment)
    {
        var (from, to) = (cursor.Delivered(lane.Priority), _pinned[(int)lane.Priority]);
        return to.CompareTo(from) > 0 && segment.Sequence >= from.Sequence && segment.Sequence <= to.Sequence;
    }
}
