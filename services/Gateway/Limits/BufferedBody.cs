using System.Buffers;

namespace EdgeMesh.Services.Gateway.Limits;

/// <summary>A request's body, whole, in pooled blocks. A service sees a request only once all of it is here: what was cut off halfway or
/// is too large never reaches one. Memory rather than a file, which would hold health data in the clear.</summary>
internal sealed class BufferedBody(BufferBudget budget) : Stream
{
    private const int BlockSize = 64 * 1024;
    private const int SmallestBlock = 4 * 1024;

    private readonly List<byte[]> _blocks = [];
    private int _blockSize = BlockSize;
    private long _taken;
    private long _length;
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => _length;

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    /// <summary>Reads a source to its end.</summary>
    public async Task<BufferingResult> FillAsync(Stream source, long? announced, long limit, CancellationToken cancellation)
    {
        // One byte more than announced, so that the end is seen without a second block.
        _blockSize = (int)Math.Clamp(announced + 1 ?? BlockSize, SmallestBlock, BlockSize);
        while (true)
        {
            if (_length == _taken && !TryGrow())
            {
                return BufferingResult.NoRoom;
            }

            var read = await source.ReadAsync(_blocks[^1].AsMemory((int)(_length % _blockSize), (int)(_taken - _length)), cancellation);
            if (read == 0)
            {
                return BufferingResult.Complete;
            }

            _length += read;
            if (_length > limit)
            {
                return BufferingResult.TooLarge;
            }
        }
    }

    public override int Read(Span<byte> buffer)
    {
        var offset = (int)(_position % _blockSize);
        var count = (int)Math.Min(Math.Min(buffer.Length, _blockSize - offset), _length - _position);
        if (count > 0)
        {
            _blocks[(int)(_position / _blockSize)].AsSpan(offset, count).CopyTo(buffer);
            _position += count;
        }

        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override void Flush()
    {
        // Nothing is written.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var block in _blocks)
            {
                ArrayPool<byte>.Shared.Return(block);
            }

            budget.GiveBack(_taken);
            _blocks.Clear();
            (_taken, _length, _position) = (0, 0, 0);
        }

        base.Dispose(disposing);
    }

    private bool TryGrow()
    {
        if (!budget.TryTake(_blockSize))
        {
            return false;
        }

        _blocks.Add(ArrayPool<byte>.Shared.Rent(_blockSize));
        _taken += _blockSize;
        return true;
    }
}

/// <summary>How reading a body ended.</summary>
internal enum BufferingResult
{
    /// <summary>All of it is here.</summary>
    Complete,

    /// <summary>It is over the limit.</summary>
    TooLarge,

    /// <summary>Other requests hold all the memory that there is for bodies.</summary>
    NoRoom,
}
