namespace EdgeMesh.Telemetry;

/// <summary>Log records on their way to an index, on disk. Whoever logs is never made to wait: its record is copied into a bounded
/// buffer, and one thread writes and syncs. What was synced survives a crash of the process and of the machine, and is delivered once.
/// Beyond its quota the spool gives up the lowest priority first, counts, and tells the index by one record how much is missing.</summary>
public sealed class LogSpool : IDisposable
{
    private readonly LogSpoolOptions _options;
    private readonly FolderOwner _owner;
    private readonly Lane[] _lanes;
    private readonly SpoolBuffer _buffer;
    private readonly SpoolQuota _quota;
    private readonly SpoolReader _reader;
    private readonly SpoolWriter _writer;
    private readonly ITimer _timer;
    private TaskCompletionSource _news = NewNews();
    private int _armed;
    private long _cut;

    private LogSpool(LogSpoolOptions options, TimeProvider clock, FolderOwner owner)
    {
        (_options, _owner) = (options, owner);
        Cursor = ShipCursor.Open(options.Folder, options.Disk);
        Gaps = GapLedger.Open(options.Folder, options.NewNonce, options.Disk);
        _lanes = [.. Enum.GetValues<LogPriority>().Select(p => new Lane(options, p))];
        _buffer = new SpoolBuffer(options.Buffer);
        _quota = new SpoolQuota(options, _lanes, Cursor, Gaps);
        _reader = new SpoolReader(_lanes, Cursor);
        _timer = clock.CreateTimer(_ => Write(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _writer = new SpoolWriter(_lanes, _buffer, _quota, Gaps, clock, Recover, Announce);
    }

    /// <summary>How it is doing now.</summary>
    public LogSpoolStatus Status
    {
        get
        {
            var (records, bytes, oldest) = (0L, 0L, long.MaxValue);
            foreach (var lane in _lanes)
            {
                var delivered = Cursor.Delivered(lane.Priority);
                foreach (var segment in lane.Segments.Where(s => s.Sequence >= delivered.Sequence && s.Records > 0))
                {
                    var (index, offset) = segment.Sequence == delivered.Sequence ? (delivered.Index, delivered.Offset) : (0, 0);
                    records += segment.Records - index;
                    bytes += segment.Length - Math.Max(offset, SegmentFormat.HeaderLength);
                    oldest = segment.Records > index ? Math.Min(oldest, segment.First) : oldest;
                }
            }

            return new()
            {
                BacklogRecords = records,
                BacklogBytes = bytes,
                Oldest = records == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(oldest),
                BufferedBytes = _buffer.Bytes,
                LostRecords = Gaps.Records,
                CutBytes = Volatile.Read(ref _cut),
                CorruptRecords = _reader.Corrupt,
                Fault = _writer.Fault,
            };
        }
    }

    internal ShipCursor Cursor { get; }

    internal GapLedger Gaps { get; }

    /// <summary>Completes when something was written after this was read.</summary>
    internal Task News => Volatile.Read(ref _news).Task;

    /// <summary>Takes the folder. Finding out what an earlier process left in it goes on behind this call.</summary>
    /// <exception cref="InvalidOperationException">The options are wrong, or another process owns the folder.</exception>
    public static LogSpool Open(LogSpoolOptions options, TimeProvider clock)
    {
        if (options.Faults().ToArray() is { Length: > 0 } faults)
        {
            throw new InvalidOperationException(string.Join(Environment.NewLine, faults));
        }

        return new LogSpool(options, clock, FolderOwner.Take(options.Folder));
    }

    /// <summary>Completes when every record that was in the spool before this call is on disk, synced. An event of Serilog's below a warning
    /// may still be on its way in, for some milliseconds; closing its logger waits for it. False: the disk refuses, see
    /// <see cref="LogSpoolStatus.Fault"/>; the spool keeps what it has room for and tries again.</summary>
    public Task<bool> FlushAsync() => _writer.FlushAsync();

    /// <summary>Writes what was logged, then gives the folder back.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        _writer.Dispose();
        Cursor.Dispose();
        Gaps.Dispose();
        _owner.Dispose();
    }

    /// <summary>Never waits. False: there was no room, and the loss is counted.</summary>
    /// <param name="priority">Decides what is given up first.</param>
    /// <param name="head">The record's beginning.</param>
    /// <param name="rest">Its rest.</param>
    /// <param name="time">When it was logged.</param>
    internal bool Append(LogPriority priority, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest, DateTimeOffset time)
    {
        var taken = _buffer.TryAppend(priority, head, rest, time.ToUnixTimeMilliseconds());
        if (priority == LogPriority.High || !taken || _buffer.IsPressing)
        {
            _writer.Wake();
        }
        else if (Volatile.Read(ref _armed) == 0 && Interlocked.Exchange(ref _armed, 1) == 0)
        {
            _timer.Change(_options.SyncInterval, Timeout.InfiniteTimeSpan);
        }

        return taken;
    }

    /// <summary>The next records that are not delivered, or those behind a batch that is not yet delivered either. Their segments stay until
    /// <see cref="Deliver"/>, or until it is read from the start again.</summary>
    internal SpoolBatch? Read(int mostRecords, int mostBytes, SpoolBatch? behind = null) => _quota.Pin(() => _reader.Read(mostRecords, mostBytes, behind));

    /// <summary>They arrived: their room is free.</summary>
    internal void Deliver(SpoolBatch batch)
    {
        Cursor.Deliver(batch.Ends);
        _writer.Wake();
    }

    private void Write()
    {
        // Before the writer looks: what comes while it does arms the timer again.
        Volatile.Write(ref _armed, 0);
        _writer.Wake();
    }

    private void Recover()
    {
        foreach (var lane in _lanes)
        {
            Volatile.Write(ref _cut, _cut + lane.Recover(Cursor.Delivered(lane.Priority), Gaps.Evicted(lane.Priority)));
        }

        Announce();
    }

    private void Announce() => Interlocked.Exchange(ref _news, NewNews()).SetResult();

    private static TaskCompletionSource NewNews() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
