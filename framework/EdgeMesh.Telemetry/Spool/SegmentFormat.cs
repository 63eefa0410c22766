using System.Buffers.Binary;

namespace EdgeMesh.Telemetry;

/// <summary>What a segment file holds, little endian.
/// Header: <c>EMLS</c>, version (2 bytes), length of the header (2), nonce (16), CRC-32C of the above (4).
/// Frame, for each record: length of the payload (4), CRC-32C of everything else in the frame (4), time of the record in milliseconds
/// since 1970 (8), payload. The first frame that does not check ends the segment.</summary>
internal static class SegmentFormat
{
    public const int HeaderLength = 28;
    public const int FrameLength = 16;

    private const ushort Version = 1;
    private const int CheckedHeader = HeaderLength - sizeof(uint);

    private static ReadOnlySpan<byte> Magic => "EMLS"u8;

    public static void WriteHeader(Span<byte> header, Guid nonce)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], HeaderLength);
        nonce.TryWriteBytes(header[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[CheckedHeader..], Crc32C.Of(header[..CheckedHeader]));
    }

    /// <summary>The nonce, or null: not a header of this version.</summary>
    public static Guid? ReadHeader(ReadOnlySpan<byte> header) =>
        header.Length >= HeaderLength && header.StartsWith(Magic)
        && BinaryPrimitives.ReadUInt16LittleEndian(header[4..]) == Version
        && BinaryPrimitives.ReadUInt32LittleEndian(header[CheckedHeader..]) == Crc32C.Of(header[..CheckedHeader])
            ? new Guid(header.Slice(8, 16))
            : null;

    /// <summary>Length and time; the checksum is the writer thread's work, not the caller's.</summary>
    public static void BeginFrame(Span<byte> frame, int payload, long time)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, payload);
        BinaryPrimitives.WriteInt64LittleEndian(frame[8..], time);
    }

    /// <summary>Puts the checksum into every frame of a run of frames; tells how many there are, and the times of the first and the last.</summary>
    public static (int Count, long First, long Last) Seal(Span<byte> frames)
    {
        var (count, first, last) = (0, BinaryPrimitives.ReadInt64LittleEndian(frames[8..]), 0L);
        for (; frames.Length > 0; count++)
        {
            var length = FrameLength + BinaryPrimitives.ReadInt32LittleEndian(frames);
            BinaryPrimitives.WriteUInt32LittleEndian(frames[4..], Checksum(frames[..length]));
            last = BinaryPrimitives.ReadInt64LittleEndian(frames[8..]);
            frames = frames[length..];
        }

        return (count, first, last);
    }

    /// <summary>The first frame's payload and time; false: what is here is torn or was changed.</summary>
    public static bool TryReadFrame(ReadOnlySpan<byte> bytes, out int payload, out long time)
    {
        (payload, time) = (0, 0);
        if (bytes.Length < FrameLength)
        {
            return false;
        }

        payload = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (payload <= 0 || payload > bytes.Length - FrameLength
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Checksum(bytes[..(FrameLength + payload)]))
        {
            return false;
        }

        time = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        return true;
    }

    private static uint Checksum(ReadOnlySpan<byte> frame) => Crc32C.Of(frame[8..], Crc32C.Of(frame[..4]));
}
