using System.Text;
using System.Text.Json;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Provisioning;

/// <summary>A deployer's key on this machine: 32 bytes in base64, named after the file. Every site of the mesh trusts the one that
/// <c>edgemesh up</c> makes; who deploys to other meshes keeps a file of their own and gives its public half to those sites. That half lies beside
/// it as <c>NAME.pub</c>, one line of name and key, to be given to whoever takes over what this deployer signed.</summary>
internal static class DeployerKeyFile
{
    private const int PublicLength = 32;
    private const int LongestLine = 1024;

    /// <summary>Makes the key on first use, and its public half where that is missing; never overwrites a key.</summary>
    public static DeployerKey OpenOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            using var fresh = DeployerKey.Create(NameOf(path));
            PrivateFiles.CreateFolder(Path.GetDirectoryName(path)!);
            PrivateFiles.Write(path, Encoding.ASCII.GetBytes(Convert.ToBase64String(fresh.ExportSeed()) + "\n"));
        }

        var key = Open(path);
        if (!File.Exists(PublicFile(path)))
        {
            PrivateFiles.Write(PublicFile(path), Encoding.UTF8.GetBytes($"{key.Name} {Convert.ToBase64String(key.Public.PublicKey.Span)}\n"), isPublic: true);
        }

        return key;
    }

    /// <summary>Where a key's public half is.</summary>
    public static string PublicFile(string path) => Path.ChangeExtension(path, ".pub");

    /// <summary>A deployer of another mesh, by the public half of their key.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public static DeployerIdentity OpenPublic(string path)
    {
        var key = new byte[PublicLength + 1];
        return new FileInfo(path).Length <= LongestLine && File.ReadAllText(path).Trim().Split(' ') is [{ Length: > 0 } name, var encoded]
            && Convert.TryFromBase64String(encoded, key, out var length) && length == PublicLength
                ? new DeployerIdentity(name, key.AsMemory(0, length))
                : throw new InvalidDataException($"{path} is no deployer's public key: it must hold one line, the name and 32 bytes in base64. Ask for the file NAME.pub beside their key.");
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
