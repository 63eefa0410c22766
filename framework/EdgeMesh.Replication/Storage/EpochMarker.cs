using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeMesh.Replication.Storage;

/// <summary>A file outside the stores that remembers how far a journal went, so that a restored old head is recognised and no number is used
/// twice. Two slots are written in turn, each with a checksum, so a torn write leaves the other. A batch's mark is not synced: after a power
/// loss the file may be some batches behind, which only makes it recognise less; it is never ahead of the head. A new epoch's mark is synced.</summary>
internal sealed class EpochMarker : IDisposable
{
    private const uint Magic = 0x45_4D_4A_31;
    private const int LifeLength = 16;
    private const int SlotLength = 64;
    private const int PayloadLength = 4 + 4 + 8 + LifeLength;
    private const int ChecksumLength = 16;

    private readonly FileStream? _file;
    private int _slot;

    private EpochMarker(FileStream? file) => _file = file;

    /// <summary>Where the journal was seen last; null when the file has no valid mark.</summary>
    public Mark? Last { get; private set; }

    /// <summary>Whether marks are kept at all.</summary>
    public bool IsKept => _file is not null;

    public static EpochMarker Open(string? path)
    {
        if (path is null)
        {
            return new EpochMarker(null);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var marker = new EpochMarker(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0));
        marker.Read();
        return marker;
    }

    /// <summary>Remembers the head.</summary>
    public void Write(Wire.Head head, bool sync)
    {
        if (_file is null)
        {
            return;
        }

        Span<byte> slot = stackalloc byte[SlotLength];
        slot.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(slot, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], head.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], head.Batch);
        head.Life.Span.CopyTo(slot.Slice(16, LifeLength));
        SHA256.HashData(slot[..PayloadLength])[..ChecksumLength].CopyTo(slot[PayloadLength..]);
        RandomAccess.Write(_file.SafeFileHandle, slot, _slot * SlotLength);
        _slot = 1 - _slot;
        Last = new Mark(head.Epoch, head.Batch, head.Life.ToByteArray());
        if (sync)
        {
            _file.Flush(flushToDisk: true);
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Read()
    {
        for (var slot = 0; slot < 2; slot++)
        {
            if (ReadSlot(slot) is { } mark && (Last is null || (mark.Epoch, mark.Batch).CompareTo((Last.Epoch, Last.Batch)) > 0))
            {
                (Last, _slot) = (mark, 1 - slot);
            }
        }
    }

    private Mark? ReadSlot(int number)
    {
        Span<byte> slot = stackalloc byte[SlotLength];
        if (RandomAccess.Read(_file!.SafeFileHandle, slot, number * SlotLength) < SlotLength
            || BinaryPrimitives.ReadUInt32LittleEndian(slot) != Magic
            || !SHA256.HashData(slot[..PayloadLength]).AsSpan(0, ChecksumLength).SequenceEqual(slot.Slice(PayloadLength, ChecksumLength)))
        {
            return null;
        }

        return new Mark(
            BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(slot[8..]),
            slot.Slice(16, LifeLength).ToArray());
    }

    /// <summary>Where a journal was seen.</summary>
    internal sealed record Mark(uint Epoch, long Batch, byte[] Life)
    {
        /// <summary>Whether a head may be what became of this mark.</summary>
        public bool IsReachedBy(Wire.Head head) =>
            head.Epoch > Epoch || head.Epoch == Epoch && head.Batch >= Batch && head.Life.Span.SequenceEqual(Life);
    }
}
