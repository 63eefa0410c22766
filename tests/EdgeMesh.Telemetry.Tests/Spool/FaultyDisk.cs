using Microsoft.Win32.SafeHandles;

namespace EdgeMesh.Telemetry.Tests.Spool;

/// <summary>A disk that is full, fails its syncs, or loses power. The test turns its switches while the spool's thread writes: both go
/// through one gate, so that a write that began on a full disk cannot fill again what the test has emptied.</summary>
internal sealed class FaultyDisk : ISpoolDisk
{
    private readonly Lock _gate = new();
    private readonly LocalDisk _disk = new();
    private readonly Dictionary<string, long> _synced = [];
    private readonly Dictionary<SafeFileHandle, string> _paths = [];

    /// <summary>Bytes that still fit; null: enough.</summary>
    public long? Room
    {
        get
        {
            lock (_gate)
            {
                return field;
            }
        }

        set
        {
            lock (_gate)
            {
                field = value;
            }
        }
    }

    public bool FailsSync { get; set; }

    public bool FailsDelete { get; set; }

    /// <summary>Half of it is written before the error comes.</summary>
    public bool FailsOverwrite { get; set; }

    /// <summary>All of it is written before the error comes.</summary>
    public bool FailsOverwriteSync { get; set; }

    public int Syncs { get; private set; }

    public SafeFileHandle Create(string path)
    {
        lock (_gate)
        {
            if (Room is <= 0)
            {
                throw Full();
            }

            var file = _disk.Create(path);
            _paths[file] = path;
            _synced[path] = 0;
            return file;
        }
    }

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        lock (_gate)
        {
            if (Room is { } room && bytes.Length > room)
            {
                // As a real one: what fits is written before the error comes.
                _disk.Write(file, bytes[..(int)room], offset);
                Room = 0;
                throw Full();
            }

            _disk.Write(file, bytes, offset);
            Room -= bytes.Length;
        }
    }

    public void Sync(SafeFileHandle file)
    {
        Syncs++;
        if (FailsSync)
        {
            throw new IOException("Input/output error");
        }

        lock (_gate)
        {
            _disk.Sync(file);
            if (_paths.TryGetValue(file, out var path))
            {
                _synced[path] = RandomAccess.GetLength(file);
            }
        }
    }

    /// <summary>Takes no room: it has it.</summary>
    public void Overwrite(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        if (FailsOverwrite)
        {
            _disk.Overwrite(file, bytes[..(bytes.Length / 2)], offset);
            throw new IOException("Read-only file system");
        }

        _disk.Overwrite(file, bytes, offset);
        if (FailsOverwriteSync)
        {
            throw new IOException("Input/output error");
        }
    }

    public void Truncate(SafeFileHandle file, long length) => _disk.Truncate(file, length);

    public void Delete(string path)
    {
        if (FailsDelete)
        {
            throw new UnauthorizedAccessException("Permission denied");
        }

        lock (_gate)
        {
            Room += File.Exists(path) ? new FileInfo(path).Length : 0;
            _disk.Delete(path);
        }
    }

    /// <summary>What was written and not synced is gone.</summary>
    public void LosePower()
    {
        lock (_gate)
        {
            foreach (var (path, length) in _synced.Where(s => File.Exists(s.Key)))
            {
                using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                RandomAccess.SetLength(file, length);
            }
        }
    }

    private static IOException Full() => new("No space left on device", 28);
}
