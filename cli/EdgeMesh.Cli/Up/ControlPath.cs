using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Cli.Provisioning;

namespace EdgeMesh.Cli.Up;

internal static class ControlPath
{
    /// <summary>What a socket's path may hold on every Unix.</summary>
    private const int LongestPath = 100;

    /// <summary>In the data folder; where that path is too long for a socket, in a private folder below the temporary one.</summary>
    public static string For(DataFolder data)
    {
        var path = Path.Combine(data.Path, "control.sock");
        if (Encoding.UTF8.GetByteCount(path) <= LongestPath)
        {
            return path;
        }

        var folder = Path.Combine(Path.GetTempPath(), $"edgemesh-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data.Path)))[..16]}");
        PrivateFiles.CreateFolder(folder);
        return Path.Combine(folder, "control.sock");
    }
}
