using Microsoft.Win32.SafeHandles;

namespace EdgeMesh.Telemetry;

/// <summary>What the spool asks of the disk; tests put one in that is full, or loses what was not synced.</summary>
internal interface ISpoolDisk
{
    SafeFileHandle Create(string path);

    void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset);

    void Sync(SafeFileHandle file);

    /// <summary>Bytes in the place of others, so that they need no new room on most disks, and synced.</summary>
    void Overwrite(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset);

    void Truncate(SafeFileHandle file, long length);

    void Delete(string path);
}

/// <summary>The machine's.</summary>
internal sealed class LocalDisk : ISpoolDisk
{
    public SafeFileHandle Create(string path) =>
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    public void Sync(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    public void Overwrite(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        Write(file, bytes, offset);
        Sync(file);
    }

    public void Truncate(SafeFileHandle file, long length) => RandomAccess.SetLength(file, length);

    public void Delete(string path) => File.Delete(path);
}
