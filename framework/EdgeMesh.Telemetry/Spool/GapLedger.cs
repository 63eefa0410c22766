using System.Buffers.Binary;

namespace EdgeMesh.Telemetry;

/// <summary>What was lost and not yet told to the index. One gap grows; once the shipper takes it, it is closed and stays until its
/// arrival is confirmed, while the next one grows. On disk before the records are gone, so a crash loses no loss; it also names the last
/// segment given up in each priority, so that a crash between counting and deleting is finished by the next start.</summary>
internal sealed class GapLedger : IDisposable
{
    private const int Lanes = 3;
    private const int ContentLength = (2 * Gap.Length) + (Lanes * sizeof(long));

    private readonly Lock _gate = new();
    private readonly SlotFile _file;
    private readonly Func<Guid> _newId;
    private long[] _evicted = new long[Lanes];
    private Gap _open;
    private Gap? _taken;

    private GapLedger(SlotFile file, Func<Guid> newId)
    {
        (_file, _newId, _open) = (file, newId, new Gap(newId(), 0, 0, 0, 0, 0, 0));
        var content = file.Read();
        if (content.Length >= ContentLength)
        {
            _open = Gap.Read(content);
            _taken = Gap.Read(content.AsSpan(Gap.Length)) is { Records: > 0 } taken ? taken : null;
            for (var lane = 0; lane < Lanes; lane++)
            {
                _evicted[lane] = BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan((2 * Gap.Length) + (8 * lane)));
            }
        }

        // Both slots take their room now, not when the disk is full.
        Save(_open, _taken, _evicted);
        Save(_open, _taken, _evicted);
    }

    /// <summary>All that was lost and not yet confirmed.</summary>
    public long Records
    {
        get
        {
            lock (_gate)
            {
                return _open.Records + (_taken?.Records ?? 0);
            }
        }
    }

    public static GapLedger Open(string folder, Func<Guid> newId, ISpoolDisk disk) => new(SlotFile.Open(Path.Combine(folder, "gaps"), disk), newId);

    public long Evicted(LogPriority priority)
    {
        lock (_gate)
        {
            return _evicted[(int)priority];
        }
    }

    /// <summary>Counts a loss. When the disk refuses, this throws and nothing is counted.</summary>
    public void Add(LogPriority priority, long records, long bytes, long first, long last, long? segment = null)
    {
        lock (_gate)
        {
            long[] evicted = [.. _evicted];
            evicted[(int)priority] = segment ?? evicted[(int)priority];
            Save(_open.Plus(priority, records, bytes, first, last), _taken, evicted);
        }
    }

    /// <summary>The gap to tell, if there is one, and whether it may have been told before.</summary>
    public (Gap Gap, bool Again)? Take()
    {
        lock (_gate)
        {
            if (_taken is { } earlier)
            {
                return (earlier, true);
            }

            if (_open.Records == 0)
            {
                return null;
            }

            var taken = _open;
            Save(new Gap(_newId(), 0, 0, 0, 0, 0, 0), taken, _evicted);
            return (taken, false);
        }
    }

    public void Confirm()
    {
        lock (_gate)
        {
            Save(_open, null, _evicted);
        }
    }

    /// <summary>After a write that failed: what holds is written once more. Else the next start might find a loss that never was, and give up the
    /// segment that it names.</summary>
    public void Settle()
    {
        lock (_gate)
        {
            if (_file.IsInDoubt)
            {
                Save(_open, _taken, _evicted);
            }
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Holds from when it stands on disk on, and not before: what a disk refused is tried again, and must not count twice.</summary>
    private void Save(Gap open, Gap? taken, long[] evicted)
    {
        Span<byte> content = stackalloc byte[ContentLength];
        content.Clear();
        open.Write(content);
        taken?.Write(content[Gap.Length..]);
        for (var lane = 0; lane < Lanes; lane++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(content[((2 * Gap.Length) + (8 * lane))..], evicted[lane]);
        }

        _file.Write(content);
        (_open, _taken, _evicted) = (open, taken, evicted);
    }
}
