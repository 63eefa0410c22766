using System.Buffers;

namespace EdgeMesh.Telemetry;

/// <summary>Frames between the threads that log and the one that writes. Bounded: a caller never waits, what has no room is lost and
/// counted. Low may fill half, normal three quarters, so that the rest is there for what matters.</summary>
internal sealed class SpoolBuffer
{
    public const int ChunkLength = 128 * 1024;
    private const int LeastChunks = 8;

    private readonly Lock _gate = new();
    private readonly Queue<Chunk>[] _full = [new(), new(), new()];
    private readonly Chunk?[] _open = new Chunk?[3];
    private readonly int[] _allowed;
    private readonly long[] _lostRecords = new long[3];
    private readonly long[] _lostBytes = new long[3];
    private int _chunks;

    public SpoolBuffer(int limit)
    {
        var most = Math.Max(LeastChunks, limit / ChunkLength);
        _allowed = [most / 2, most * 3 / 4, most];
    }

    /// <summary>What it holds at the moment, in bytes.</summary>
    public long Bytes => Volatile.Read(ref _chunks) * (long)ChunkLength;

    /// <summary>Whether the writer should not wait for its timer.</summary>
    public bool IsPressing => Volatile.Read(ref _chunks) > _allowed[(int)LogPriority.Low] / 2;

    /// <summary>Copies one record in. False: there is no room, and the loss is counted.</summary>
    public bool TryAppend(LogPriority priority, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest, long time)
    {
        var (lane, payload) = ((int)priority, head.Length + rest.Length);
        var length = SegmentFormat.FrameLength + payload;
        Chunk? chunk;
        Span<byte> frame;
        lock (_gate)
        {
            chunk = Room(lane, length);
            if (chunk is null)
            {
                _lostRecords[lane]++;
                _lostBytes[lane] += payload;
                return false;
            }

            frame = chunk.Reserve(length);
        }

        // Behind the gate: threads that log hold each other up for a few nanoseconds only.
        SegmentFormat.BeginFrame(frame, payload, time);
        head.CopyTo(frame[SegmentFormat.FrameLength..]);
        rest.CopyTo(frame[(SegmentFormat.FrameLength + head.Length)..]);
        chunk.Filled();
        return true;
    }

    /// <summary>Moves what has come behind what the writer could not write yet.</summary>
    public void TakeInto(LogPriority priority, Queue<Chunk> pending)
    {
        var before = pending.Count;
        lock (_gate)
        {
            while (_full[(int)priority].TryDequeue(out var chunk))
            {
                pending.Enqueue(chunk);
            }

            if (_open[(int)priority] is { } open)
            {
                pending.Enqueue(open);
                _open[(int)priority] = null;
            }
        }

        foreach (var chunk in pending.Skip(before))
        {
            chunk.WaitUntilFilled();
        }
    }

    /// <summary>Gives back what stands on disk.</summary>
    public void Release(Chunk chunk)
    {
        ArrayPool<byte>.Shared.Return(chunk.Bytes);
        Interlocked.Decrement(ref _chunks);
    }

    /// <summary>What was lost and is not yet written down.</summary>
    public (long Records, long Bytes) Lost(LogPriority priority)
    {
        lock (_gate)
        {
            return (_lostRecords[(int)priority], _lostBytes[(int)priority]);
        }
    }

    /// <summary>So much of it is written down.</summary>
    public void Forget(LogPriority priority, long records, long bytes)
    {
        lock (_gate)
        {
            _lostRecords[(int)priority] -= records;
            _lostBytes[(int)priority] -= bytes;
        }
    }

    private Chunk? Room(int lane, int length)
    {
        if (_open[lane] is { } open)
        {
            if (open.Bytes.Length - open.Length >= length)
            {
                return open;
            }

            _full[lane].Enqueue(open);
            _open[lane] = null;
        }

        if (length > ChunkLength || Volatile.Read(ref _chunks) >= _allowed[lane])
        {
            return null;
        }

        Interlocked.Increment(ref _chunks);
        return _open[lane] = new Chunk(ArrayPool<byte>.Shared.Rent(ChunkLength));
    }

    /// <summary>A run of frames. Owned by whoever has it in hand: the buffer under its gate, then the writer's thread.</summary>
    internal sealed class Chunk(byte[] bytes)
    {
        private int _filling;

        public byte[] Bytes { get; } = bytes;

        public int Length { get; private set; }

        public Span<byte> Frames => Bytes.AsSpan(0, Length);

        /// <summary>Under the buffer's gate.</summary>
        public Span<byte> Reserve(int length)
        {
            Interlocked.Increment(ref _filling);
            Length += length;
            return Bytes.AsSpan(Length - length, length);
        }

        public void Filled() => Interlocked.Decrement(ref _filling);

        /// <summary>On the writer's thread, once nobody can reserve any more: whoever has reserved is copying a record.</summary>
        public void WaitUntilFilled()
        {
            var wait = default(SpinWait);
            while (Volatile.Read(ref _filling) > 0)
            {
                wait.SpinOnce();
            }
        }
    }
}
