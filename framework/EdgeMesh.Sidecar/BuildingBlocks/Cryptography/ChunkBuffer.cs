namespace EdgeMesh.Sidecar.BuildingBlocks.Cryptography;

/// <summary>The next piece of what comes; null at the end. Valid until the next call.</summary>
internal delegate ValueTask<ReadOnlyMemory<byte>?> ChunkSource(CancellationToken cancellation);

/// <summary>Takes the next piece of what goes out, and does not keep it.</summary>
internal delegate Task ChunkSink(ReadOnlyMemory<byte> chunk, CancellationToken cancellation);

/// <summary>Pieces of any size, as pieces of the size that is asked for. Holds as much as was asked for and the last piece.</summary>
internal sealed class ChunkBuffer(ChunkSource source)
{
    private byte[] _buffer = new byte[SegmentCipher.Size + SegmentCipher.TagSize + 1];
    private int _start;
    private int _end;

    public ReadOnlyMemory<byte> Peek => _buffer.AsMemory(_start, _end - _start);

    /// <summary>False: everything came, and it is less.</summary>
    public async ValueTask<bool> FillAsync(int count, CancellationToken cancellation)
    {
        while (_end - _start < count)
        {
            if (await source(cancellation) is not { } chunk)
            {
                return false;
            }

            MakeRoom(chunk.Length);
            chunk.CopyTo(_buffer.AsMemory(_end));
            _end += chunk.Length;
        }

        return true;
    }

    public void Consume(int count) => _start += count;

    private void MakeRoom(int count)
    {
        if (_buffer.Length - _end >= count)
        {
            return;
        }

        var kept = Peek;
        var target = _buffer.Length >= kept.Length + count ? _buffer : new byte[Math.Max(_buffer.Length * 2, kept.Length + count)];
        kept.CopyTo(target);
        (_buffer, _start, _end) = (target, 0, kept.Length);
    }
}
