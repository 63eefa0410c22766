using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Cli.Provisioning;

namespace EdgeMesh.Cli.Up;

internal static class ControlPath
{
    /// <summary>What a socket's path may hold on every Unix.</summary>
    private const int LongestPath = 100;

    private const string FolderPrefix = "edgemesh-control-";

    /// <summary>In the data folder; where that path is too long for a socket, in a private folder below the temporary one.</summary>
    public static string For(DataFolder data)
    {
        var path = Path.Combine(data.Path, "control.sock");
        if (Encoding.UTF8.GetByteCount(path) <= LongestPath)
        {
            return path;
        }

        var folder = Path.Combine(Path.GetTempPath(), $"{FolderPrefix}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data.Path)))[..16]}");
        PrivateFiles.CreateFolder(folder);
        return Path.Combine(folder, "control.sock");
    }

    /// <summary>The socket is gone: so is the folder that was made for it alone.</summary>
    public static void Remove(string socket)
    {
        var folder = Path.GetDirectoryName(socket)!;
        if (Path.GetFileName(folder).StartsWith(FolderPrefix, StringComparison.Ordinal) && Directory.Exists(folder))
        {
            Directory.Delete(folder);
        }
    }
}
