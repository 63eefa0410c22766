using System.Text;
using System.Text.Json;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Provisioning;

/// <summary>A deployer's key on this machine: 32 bytes in base64, named after the file. Every site of the mesh trusts the one that
/// <c>edgemesh up</c> makes; who deploys to other meshes keeps a file of their own and gives its public half to those sites.</summary>
internal static class DeployerKeyFile
{
    /// <summary>Makes the key on first use; never overwrites one.</summary>
    public static DeployerKey OpenOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            using var fresh = DeployerKey.Create(NameOf(path));
            PrivateFiles.CreateFolder(Path.GetDirectoryName(path)!);
            PrivateFiles.Write(path, Encoding.ASCII.GetBytes(Convert.ToBase64String(fresh.ExportSeed()) + "\n"));
        }

        return Open(path);
    }

    /// <exception cref="InvalidDataException">It is no key.</exception>
    public static DeployerKey Open(string path)
    {
        var seed = new byte[64];
        return Convert.TryFromBase64String(File.ReadAllText(path).Trim(), seed, out var length) && DeployerKey.FromSeed(NameOf(path), seed.AsSpan(0, length)) is { } key
            ? key
            : throw new InvalidDataException($"{path} is no deployer's key: it must hold 32 bytes in base64. Put back a copy, or let ./edgemesh keys make one.");
    }

    /// <summary>What sites are told, as their secret <c>function-deployers</c>.</summary>
    public static string Trust(DeployerIdentity identity) =>
        JsonSerializer.Serialize(new Dictionary<string, string> { [identity.Name] = Convert.ToBase64String(identity.PublicKey.Span) });

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path);
}
