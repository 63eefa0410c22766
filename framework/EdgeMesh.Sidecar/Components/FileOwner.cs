namespace EdgeMesh.Sidecar.Components;

/// <summary>Makes one process the owner of a file: a lock beside it. A crash leaves the lock's file and not the lock.</summary>
internal static class FileOwner
{
    /// <exception cref="InvalidOperationException">Another process owns it.</exception>
    public static FileStream Take(string path)
    {
        try
        {
            return new FileStream(path + ".owner", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new InvalidOperationException($"Another process owns {path}. One process serves such a file; give this one a file or a folder of its own.", error);
        }
    }
}
