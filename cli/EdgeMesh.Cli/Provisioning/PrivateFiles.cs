using EdgeMesh.Hosting;

namespace EdgeMesh.Cli.Provisioning;

/// <summary>Files and folders that only their owner may read, written whole or not at all.</summary>
internal static class PrivateFiles
{
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public const UnixFileMode FolderMode = FileMode | UnixFileMode.UserExecute;

    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, FolderMode);
        File.SetUnixFileMode(path, FolderMode);
    }

    public static void Write(string path, ReadOnlySpan<byte> content, bool isPublic = false)
    {
        var bytes = content.ToArray();
        FileReplacement.Write(path, file => file.Write(bytes), isPublic ? FileMode | UnixFileMode.GroupRead | UnixFileMode.OtherRead : FileMode);
    }
}
