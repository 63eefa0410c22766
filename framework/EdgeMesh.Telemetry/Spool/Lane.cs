using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace EdgeMesh.Telemetry;

/// <summary>The segments of one priority on disk. The writer's thread appends; whoever reads sees what was synced. Records are written to
/// new segments only: a process never goes on with the file of another, so an id derived from a segment's nonce is never used twice,
/// also when the folder comes from a backup.</summary>
internal sealed class Lane(LogSpoolOptions options, LogPriority priority)
{
    private readonly Lock _gate = new();
    private readonly List<Segment> _segments = [];
    private readonly Stack<string> _remains = [];
    private Segment? _givenUp;
    private SafeFileHandle? _open;
    private long _written;
    private long _unsyncedRecords;
    private long _unsyncedFirst;
    private long _unsyncedLast;
    private long _next = 1;

    public LogPriority Priority => priority;

    /// <summary>What stands in the files, synced. A copy.</summary>
    public Segment[] Segments
    {
        get
        {
            lock (_gate)
            {
                return [.. _segments];
            }
        }
    }

    /// <summary>On disk, with what was given up and is still there.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _segments.Sum(s => s.Length) + (_givenUp?.Length ?? 0);
            }
        }
    }

    private string Prefix => priority.ToString().ToLowerInvariant() + "-";

    /// <summary>Finds what an earlier process left, and cuts torn tails. What was delivered, or was being given up when it ended, goes with
    /// <see cref="DeleteRemains"/> and <see cref="FinishGivingUp"/>: a file that the disk does not let go keeps nobody from writing. Tells how many
    /// bytes it cut.</summary>
    public long Recover(SpoolPosition delivered, long evicted)
    {
        _remains.Clear();
        lock (_gate)
        {
            _segments.Clear();
        }

        var cut = 0L;
        var numbers = Directory.EnumerateFiles(options.Folder, Prefix + "*.log")
            .Select(f => long.TryParse(Path.GetFileNameWithoutExtension(f)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? n : 0)
            .Where(n => n > 0).Order().ToList();
        foreach (var number in numbers)
        {
            var path = PathOf(number);
            if (number < delivered.Sequence)
            {
                _remains.Push(path);
            }
            else if (number == evicted)
            {
                lock (_gate)
                {
                    _givenUp = new Segment(number, path, default, new FileInfo(path).Length, 0, 0, 0);
                }
            }
            else if (SegmentReader.ReadNonce(path) is { } nonce)
            {
                cut += Keep(number, path, nonce);
            }
            else
            {
                cut += new FileInfo(path).Length;
                _remains.Push(path);
            }
        }

        // Also past files that are gone: no number may ever name a second file.
        _next = Math.Max(numbers.LastOrDefault(), Math.Max(delivered.Sequence, evicted)) + 1;
        return cut;
    }

    /// <summary>Deletes what an earlier process left and nobody needs. Throws at what the disk does not let go.</summary>
    public void DeleteRemains()
    {
        while (_remains.TryPeek(out var path))
        {
            options.Disk.Delete(path);
            _remains.Pop();
        }
    }

    /// <summary>Whether a run of frames of this length still goes into the open segment.</summary>
    public bool HasRoom(int length) => _open is not null && (_written + length <= options.SegmentBytes || _written == SegmentFormat.HeaderLength);

    /// <summary>Begins a new segment. What was written to the last one must have been synced.</summary>
    public void Roll()
    {
        Close();
        var (path, nonce) = (PathOf(_next), options.NewNonce());
        _open = options.Disk.Create(path);
        lock (_gate)
        {
            _segments.Add(new Segment(_next++, path, nonce, SegmentFormat.HeaderLength, 0, 0, 0));
        }

        Span<byte> header = stackalloc byte[SegmentFormat.HeaderLength];
        SegmentFormat.WriteHeader(header, nonce);
        _written = SegmentFormat.HeaderLength;
        options.Disk.Write(_open, header, 0);
    }

    /// <summary>Writes a run of frames; not yet visible, not yet durable.</summary>
    public void Write(Span<byte> frames)
    {
        var (records, first, last) = SegmentFormat.Seal(frames);
        options.Disk.Write(_open!, frames, _written);
        _unsyncedFirst = _unsyncedRecords == 0 ? first : _unsyncedFirst;
        _unsyncedLast = last;
        _written += frames.Length;
        _unsyncedRecords += records;
    }

    /// <summary>Makes what was written durable, then visible.</summary>
    public void Sync()
    {
        if (_unsyncedRecords == 0)
        {
            return;
        }

        options.Disk.Sync(_open!);
        lock (_gate)
        {
            var last = _segments[^1];
            _segments[^1] = last with
            {
                Length = _written,
                Records = last.Records + _unsyncedRecords,
                First = last.Records == 0 ? _unsyncedFirst : last.First,
                Last = _unsyncedLast,
            };
        }

        _unsyncedRecords = 0;
    }

    /// <summary>After a failed write or sync: what lies behind the last sync must go before anything is written again, else a recovery
    /// would find it beside its second copy. Throws when that fails too.</summary>
    public void Repair()
    {
        if (_open is null)
        {
            return;
        }

        var last = Segments[^1];
        options.Disk.Truncate(_open, last.Length);
        (_written, _unsyncedRecords) = (last.Length, 0);
        Close();
        if (last.Records == 0)
        {
            Delete(last);
        }
    }

    /// <summary>Ends the segment that is written to. What was not synced is in the writer's hands, and is written to the next.</summary>
    public void Close()
    {
        _open?.Dispose();
        (_open, _unsyncedRecords) = (null, 0);
    }

    public bool IsOpen(Segment segment) => _open is not null && segment.Sequence == _next - 1;

    public void Delete(Segment segment)
    {
        options.Disk.Delete(segment.Path);
        lock (_gate)
        {
            _segments.RemoveAll(s => s.Sequence == segment.Sequence);
        }
    }

    /// <summary>Its loss is counted: nobody reads it any more, also when the disk does not let its file go.</summary>
    public void GiveUp(Segment segment)
    {
        if (IsOpen(segment))
        {
            Close();
        }

        lock (_gate)
        {
            _segments.RemoveAll(s => s.Sequence == segment.Sequence);
            _givenUp = segment;
        }

        FinishGivingUp();
    }

    /// <summary>True: the file of a segment that was given up has gone just now. There is one at most, which is also what the ledger of gaps
    /// names for the next start.</summary>
    public bool FinishGivingUp()
    {
        if (_givenUp is not { } segment)
        {
            return false;
        }

        options.Disk.Delete(segment.Path);
        lock (_gate)
        {
            _givenUp = null;
        }

        return true;
    }

    public string PathOf(long sequence) => Path.Combine(options.Folder, $"{Prefix}{sequence.ToString("D10", CultureInfo.InvariantCulture)}.log");

    private long Keep(long number, string path, Guid nonce)
    {
        var length = new FileInfo(path).Length;
        var (records, first, last) = (0L, 0L, 0L);
        using var reader = SegmentReader.Open(path, 0, length);
        for (; reader.Next(); records++)
        {
            first = records == 0 ? reader.Time : first;
            last = reader.Time;
        }

        if (reader.Offset < length)
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            options.Disk.Truncate(file, reader.Offset);
            options.Disk.Sync(file);
        }

        if (records == 0)
        {
            _remains.Push(path);
        }
        else
        {
            lock (_gate)
            {
                _segments.Add(new Segment(number, path, nonce, reader.Offset, records, first, last));
            }
        }

        return length - reader.Offset;
    }
}
