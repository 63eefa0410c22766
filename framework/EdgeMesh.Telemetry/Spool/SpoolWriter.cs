namespace EdgeMesh.Telemetry;

/// <summary>The one thread that writes: takes what has gathered, writes it, syncs each priority's file once, and only then tells readers
/// and whoever waits for the sync. It sleeps while nothing is logged. On a disk that refuses it keeps what it has, as long as the
/// buffer has room, and tries again.</summary>
internal sealed class SpoolWriter : IDisposable
{
    private const int NoSpace = 28; // ENOSPC and EDQUOT of Linux, ERROR_DISK_FULL of Windows
    private const int OverQuota = 122;
    private const int DiskFull = unchecked((int)0x80070070);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly Lane[] _lanes;
    private readonly SpoolBuffer _buffer;
    private readonly SpoolQuota _quota;
    private readonly GapLedger _gaps;
    private readonly TimeProvider _clock;
    private readonly Action _recover;
    private readonly Action _written;
    private readonly Queue<SpoolBuffer.Chunk>[] _pending = [new(), new(), new()];
    private readonly List<TaskCompletionSource<bool>> _waiting = [];
    private readonly SemaphoreSlim _signal = new(0);
    private readonly ITimer _retry;
    private readonly Thread _thread;
    private int _signalled;
    private bool _recovered;
    private bool _broken;
    private bool _isFull;
    private volatile bool _stopping;
    private volatile string? _fault;

    /// <param name="lanes">One for each priority. This thread alone writes to them.</param>
    /// <param name="buffer">What callers fill.</param>
    /// <param name="quota">Kept after each write.</param>
    /// <param name="gaps">Takes what the buffer had no room for.</param>
    /// <param name="clock">For tries on a disk that refuses.</param>
    /// <param name="recover">Runs before the first write.</param>
    /// <param name="written">Called after each sync that made something visible.</param>
    public SpoolWriter(Lane[] lanes, SpoolBuffer buffer, SpoolQuota quota, GapLedger gaps, TimeProvider clock, Action recover, Action written)
    {
        (_lanes, _buffer, _quota, _gaps, _clock, _recover, _written) = (lanes, buffer, quota, gaps, clock, recover, written);
        _retry = clock.CreateTimer(_ => Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _thread = new Thread(Run, 256 * 1024) { IsBackground = true, Name = "log spool" };
        _thread.Start();
    }

    /// <summary>Why nothing could be written the last time; null: it could.</summary>
    public string? Fault => _fault;

    public void Wake()
    {
        if (Interlocked.Exchange(ref _signalled, 1) == 0)
        {
            _signal.Release();
        }
    }

    /// <summary>True once everything logged before this call is synced; false: the disk refused, and it is tried again.</summary>
    public Task<bool> FlushAsync()
    {
        var waiting = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_waiting)
        {
            if (_stopping)
            {
                return Task.FromResult(false);
            }

            _waiting.Add(waiting);
        }

        Wake();
        return waiting.Task;
    }

    /// <summary>Writes what has gathered and ends the thread.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _stopping = true;
        }

        Wake();
        _thread.Join();
        _retry.Dispose();
    }

    private void Run()
    {
        Write();
        while (!_stopping)
        {
            _signal.Wait();
            Volatile.Write(ref _signalled, 0);
            Write();
        }

        Write();
        foreach (var lane in _lanes)
        {
            lane.Close();
        }
    }

    private void Write()
    {
        TaskCompletionSource<bool>[] waiting;
        lock (_waiting)
        {
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        _recovered = _recovered || Try(_recover);
        var (done, any) = (_recovered, false);
        // High first: on a disk that is nearly full it is what should still find room.
        foreach (var lane in _lanes.Reverse())
        {
            var pending = _pending[(int)lane.Priority];
            _buffer.TakeInto(lane.Priority, pending);
            any |= pending.Count > 0;
            done &= pending.Count == 0 || !_recovered || Try(() => Write(lane, pending)) || (_isFull && MakesRoomFor(lane) && Try(() => Write(lane, pending)));
        }

        done &= Try(CountLost) & Attempt(_quota.Keep, isOfLanes: false) & Attempt(_gaps.Settle, isOfLanes: false);
        if (done)
        {
            _fault = null;
        }
        else
        {
            _retry.Change(RetryAfter, Timeout.InfiniteTimeSpan);
        }

        Array.ForEach(waiting, w => w.SetResult(done));
        if (any)
        {
            _written();
        }
    }

    private void Write(Lane lane, Queue<SpoolBuffer.Chunk> pending)
    {
        var written = 0;
        foreach (var chunk in pending.ToArray())
        {
            if (!lane.HasRoom(chunk.Length))
            {
                Commit();
                lane.Roll();
            }

            lane.Write(chunk.Frames);
            written++;
        }

        Commit();

        // Room for callers comes back with the sync, not with the write: a crash of the machine loses what was not acknowledged only.
        void Commit()
        {
            lane.Sync();
            for (; written > 0; written--)
            {
                _buffer.Release(pending.Dequeue());
            }
        }
    }

    private void CountLost()
    {
        foreach (var lane in _lanes)
        {
            if (_buffer.Lost(lane.Priority) is var (records, bytes) && records > 0)
            {
                var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
                _gaps.Add(lane.Priority, records, bytes, now, now);
                _buffer.Forget(lane.Priority, records, bytes);
            }
        }
    }

    private bool Try(Action act) => Attempt(() =>
    {
        if (_broken)
        {
            Array.ForEach(_lanes, l => l.Repair());
            _broken = false;
        }

        act();
    });

    /// <summary>Before any repair, which may need the room that this makes.</summary>
    private bool MakesRoomFor(Lane lane)
    {
        var made = false;
        return Attempt(() => made = _quota.GiveUpBelow(lane.Priority)) && made;
    }

    /// <param name="act">What the disk may refuse.</param>
    /// <param name="isOfLanes">Whether what is written to may then be half written.</param>
    private bool Attempt(Action act, bool isOfLanes = true)
    {
        try
        {
            act();
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            (_broken, _fault, _isFull) = (_broken || isOfLanes, error.Message, error.HResult is NoSpace or OverQuota or DiskFull);
            return false;
        }
    }
}
