namespace EdgeMesh.Telemetry;

/// <summary>Owns a spool's folder until disposed or until the process ends, however it ends: the operating system keeps the lock.</summary>
internal sealed class FolderOwner : IDisposable
{
    private readonly FileStream _lock;

    private FolderOwner(FileStream @lock) => _lock = @lock;

    /// <exception cref="InvalidOperationException">Somebody else owns it, or it can't be written to; the message says what to do.</exception>
    public static FolderOwner Take(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"The log spool {folder} can't be made: {error.Message} Name a folder that the service may write.", error);
        }

        try
        {
            return new FolderOwner(new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException(
                $"The log spool {folder} belongs to another process, or can't be written to: {error.Message} Two processes can't own one spool: stop the other, or give this one a folder of its own.", error);
        }
    }

    public void Dispose() => _lock.Dispose();
}
