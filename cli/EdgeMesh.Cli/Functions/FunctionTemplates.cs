using System.Reflection;
using System.Text;
using EdgeMesh.Cli.Provisioning;

namespace EdgeMesh.Cli.Functions;

/// <summary>What <c>function new</c> writes: the files below samples/functions/templates, with the function's name put in.</summary>
internal static class FunctionTemplates
{
    public const string C = "c";
    public const string AssemblyScript = "assemblyscript";

    private const string Prefix = "template/";

    /// <summary>Writes a template's files into a new folder, and names them.</summary>
    public static IReadOnlyList<string> Write(string template, string name, string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var root = $"{Prefix}{template}/";
        var written = new List<string>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(root, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            var file = Path.Combine(folder, resource[root.Length..].Replace("__name__", name, StringComparison.Ordinal));
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            PrivateFiles.Write(file, Encoding.UTF8.GetBytes(reader.ReadToEnd().Replace("__name__", name, StringComparison.Ordinal)), isPublic: true);
            written.Add(file);
        }

        return written;
    }
}
