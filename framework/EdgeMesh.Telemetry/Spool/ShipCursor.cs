using System.Buffers.Binary;

namespace EdgeMesh.Telemetry;

/// <summary>How far records were delivered, for each priority, and up to where the last request, or the next one, reaches: what lies between may have
/// arrived when a process finds it so at its start. Moved by the shipper alone, which writes down the next request while one is under way;
/// others may ask how far it is.</summary>
internal sealed class ShipCursor : IDisposable
{
    private const int Lanes = 3;
    private const int PositionLength = 24;

    private readonly Lock _gate = new();
    private readonly SlotFile _file;
    private readonly SpoolPosition[] _delivered = new SpoolPosition[Lanes];
    private readonly SpoolPosition[] _sent = new SpoolPosition[Lanes];

    private ShipCursor(SlotFile file) => _file = file;

    public static ShipCursor Open(string folder, ISpoolDisk disk)
    {
        var cursor = new ShipCursor(SlotFile.Open(Path.Combine(folder, "cursor"), disk));
        var content = cursor._file.Read();
        if (content.Length >= 2 * Lanes * PositionLength)
        {
            for (var lane = 0; lane < Lanes; lane++)
            {
                cursor._delivered[lane] = Read(content, 2 * lane);
                cursor._sent[lane] = Read(content, (2 * lane) + 1);
            }
        }

        return cursor;
    }

    public SpoolPosition Delivered(LogPriority priority)
    {
        lock (_gate)
        {
            return _delivered[(int)priority];
        }
    }

    public SpoolPosition Sent(LogPriority priority)
    {
        lock (_gate)
        {
            return _sent[(int)priority];
        }
    }

    /// <summary>Before a request: everything up to here is in doubt until <see cref="Deliver"/>.</summary>
    public void Send(ReadOnlySpan<SpoolPosition> ends)
    {
        lock (_gate)
        {
            for (var lane = 0; lane < Lanes; lane++)
            {
                _sent[lane] = Later(_sent[lane], ends[lane]);
            }
        }

        Save();
    }

    /// <summary>After its answer. The next <see cref="Send"/> makes it durable, so that a batch costs one sync: found lost after a crash,
    /// it is in doubt and asked for.</summary>
    public void Deliver(ReadOnlySpan<SpoolPosition> ends)
    {
        lock (_gate)
        {
            ends.CopyTo(_delivered);
        }
    }

    /// <summary>Makes the last delivery durable when nothing more is sent.</summary>
    public void Save()
    {
        Span<byte> content = stackalloc byte[2 * Lanes * PositionLength];
        lock (_gate)
        {
            for (var lane = 0; lane < Lanes; lane++)
            {
                Write(content, 2 * lane, _delivered[lane]);
                Write(content, (2 * lane) + 1, _sent[lane]);
            }
        }

        _file.Write(content);
    }

    public void Dispose() => _file.Dispose();

    private static SpoolPosition Later(SpoolPosition one, SpoolPosition other) => one.CompareTo(other) >= 0 ? one : other;

    private static SpoolPosition Read(ReadOnlySpan<byte> content, int place)
    {
        var at = content[(place * PositionLength)..];
        return new(BinaryPrimitives.ReadInt64LittleEndian(at), BinaryPrimitives.ReadInt64LittleEndian(at[8..]), BinaryPrimitives.ReadInt64LittleEndian(at[16..]));
    }

    private static void Write(Span<byte> content, int place, SpoolPosition position)
    {
        var at = content[(place * PositionLength)..];
        BinaryPrimitives.WriteInt64LittleEndian(at, position.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], position.Offset);
        BinaryPrimitives.WriteInt64LittleEndian(at[16..], position.Index);
    }
}
