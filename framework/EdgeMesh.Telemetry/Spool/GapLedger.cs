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
    private readonly long[] _evicted = new long[Lanes];
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
        Save();
        Save();
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

    public static GapLedger Open(string folder, Func<Guid> newId) => new(SlotFile.Open(Path.Combine(folder, "gaps")), newId);

    public long Evicted(LogPriority priority)
    {
        lock (_gate)
        {
            return _evicted[(int)priority];
        }
    }

    public void Add(LogPriority priority, long records, long bytes, long first, long last, long? segment = null)
    {
        lock (_gate)
        {
            _open = _open.Plus(priority, records, bytes, first, last);
            _evicted[(int)priority] = segment ?? _evicted[(int)priority];
            Save();
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

            (_taken, _open) = (_open, new Gap(_newId(), 0, 0, 0, 0, 0, 0));
            Save();
            return (_taken, false);
        }
    }

    public void Confirm()
    {
        lock (_gate)
        {
            _taken = null;
            Save();
        }
    }

    public void Dispose() => _file.Dispose();

    private void Save()
    {
        Span<byte> content = stackalloc byte[ContentLength];
        content.Clear();
        _open.Write(content);
        _taken?.Write(content[Gap.Length..]);
        for (var lane = 0; lane < Lanes; lane++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(content[((2 * Gap.Length) + (8 * lane))..], _evicted[lane]);
        }

        _file.Write(content);
    }
}
