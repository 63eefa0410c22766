using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace EdgeMesh.Telemetry;

/// <summary>Walks the frames of one segment file.</summary>
internal sealed class SegmentReader : IDisposable
{
    private const int WindowLength = 256 * 1024;

    private readonly SafeFileHandle _file;
    private readonly long _end;
    private byte[] _window = ArrayPool<byte>.Shared.Rent(WindowLength);
    private int _start;
    private int _filled;
    private long _offset;

    private SegmentReader(SafeFileHandle file, long offset, long end) => (_file, _offset, _end) = (file, offset, end);

    /// <summary>Where the next frame begins.</summary>
    public long Offset => _offset;

    public ReadOnlyMemory<byte> Payload { get; private set; }

    public long Time { get; private set; }

    /// <param name="path">The file.</param>
    /// <param name="offset">Where a frame begins.</param>
    /// <param name="end">What lies behind is not looked at.</param>
    public static SegmentReader Open(string path, long offset, long end) =>
        new(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), Math.Max(offset, SegmentFormat.HeaderLength), end);

    public static Guid? ReadNonce(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Span<byte> header = stackalloc byte[SegmentFormat.HeaderLength];
        return RandomAccess.Read(file, header, 0) == header.Length ? SegmentFormat.ReadHeader(header) : null;
    }

    /// <summary>The next record; its payload is good until the next call. False: the end, or bytes that do not check.</summary>
    public bool Next()
    {
        if (!SegmentFormat.TryReadFrame(_window.AsSpan(_start, _filled - _start), out var payload, out var time))
        {
            Refill();
            if (!SegmentFormat.TryReadFrame(_window.AsSpan(_start, _filled - _start), out payload, out time))
            {
                return false;
            }
        }

        (Payload, Time) = (_window.AsMemory(_start + SegmentFormat.FrameLength, payload), time);
        _start += SegmentFormat.FrameLength + payload;
        _offset += SegmentFormat.FrameLength + payload;
        return true;
    }

    public void Dispose()
    {
        _file.Dispose();
        ArrayPool<byte>.Shared.Return(_window);
        _window = [];
    }

    /// <summary>The window is longer than any frame, so a frame that starts in it ends in it.</summary>
    private void Refill()
    {
        (_start, _filled) = (0, 0);
        var length = (int)Math.Min(_window.Length, _end - _offset);
        while (_filled < length && RandomAccess.Read(_file, _window.AsSpan(_filled, length - _filled), _offset + _filled) is > 0 and var read)
        {
            _filled += read;
        }
    }
}
