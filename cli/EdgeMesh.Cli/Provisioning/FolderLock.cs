namespace EdgeMesh.Cli.Provisioning;

/// <summary>One owner at a time. The system frees it when the owner dies, however it dies.</summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream held;

    private FolderLock(FileStream held) => this.held = held;

    /// <summary>Null when another process holds it.</summary>
    public static FolderLock? TryTake(string path)
    {
        try
        {
            return new(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    public static bool IsHeld(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var mine = TryTake(path);
        return mine is null;
    }

    public void Dispose() => held.Dispose();
}
