using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace EdgeMesh.Telemetry;

/// <summary>A few bytes that are replaced as one: two slots, written in turns, each with version, generation and checksum. A crash
/// while one is written leaves the other. Owned by one thread at a time.</summary>
internal sealed class SlotFile : IDisposable
{
    private const uint Magic = 0x3153_4D45; // EMS1
    private const int HeaderLength = 16;
    private const int SlotLength = 512;

    private readonly SafeFileHandle _file;
    private readonly ISpoolDisk _disk;
    private ulong _generation;

    private SlotFile(SafeFileHandle file, ISpoolDisk disk) => (_file, _disk) = (file, disk);

    public static SlotFile Open(string path, ISpoolDisk disk) => new(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read), disk);

    /// <summary>The last write failed. How much of it reached the file nobody knows: a process that starts may find it whole.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>What was written last; empty: nothing yet.</summary>
    public byte[] Read()
    {
        byte[] newest = [];
        Span<byte> slot = stackalloc byte[SlotLength];
        for (var n = 0; n < 2; n++)
        {
            var length = RandomAccess.Read(_file, slot, n * SlotLength);
            if (length >= HeaderLength && BinaryPrimitives.ReadUInt32LittleEndian(slot) == Magic
                && BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]) == Crc32C.Of(slot[8..length])
                && BinaryPrimitives.ReadUInt64LittleEndian(slot[8..]) is var generation && generation > _generation)
            {
                _generation = generation;
                newest = slot[HeaderLength..length].ToArray();
            }
        }

        return newest;
    }

    /// <summary>Stands on disk when this returns. When it throws, the next write takes the same slot: the other one holds what is good.</summary>
    public void Write(ReadOnlySpan<byte> content)
    {
        Span<byte> slot = stackalloc byte[SlotLength];
        slot.Clear();
        content.CopyTo(slot[HeaderLength..]);
        BinaryPrimitives.WriteUInt32LittleEndian(slot, Magic);
        var generation = _generation + 1;
        BinaryPrimitives.WriteUInt64LittleEndian(slot[8..], generation);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[4..], Crc32C.Of(slot[8..]));
        IsInDoubt = true;
        _disk.Overwrite(_file, slot, (long)(generation % 2) * SlotLength);
        (_generation, IsInDoubt) = (generation, false);
    }

    public void Dispose() => _file.Dispose();
}
