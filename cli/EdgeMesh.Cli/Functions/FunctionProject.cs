using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Functions;

/// <summary>A folder with a function: <c>function.yaml</c>, its source, and after a build its module.</summary>
internal sealed record FunctionProject(string Folder, FunctionManifest Manifest, string ManifestText)
{
    public const string ManifestName = "function.yaml";

    public string ManifestFile => Path.Combine(Folder, ManifestName);

    public string ModuleFile => Path.Combine(Folder, Manifest.Module);

    /// <summary>The signed bundle, to carry anywhere.</summary>
    public string BundleFile => Path.Combine(Folder, $"{Manifest.Name}-{Manifest.Version}.bundle");

    /// <summary>A source that was changed after the module was built; null: none.</summary>
    public string? NewerSource => File.Exists(ModuleFile)
        ? Directory.EnumerateFiles(Folder).FirstOrDefault(f => Path.GetExtension(f) is ".c" or ".h" or ".ts" && File.GetLastWriteTimeUtc(f) > File.GetLastWriteTimeUtc(ModuleFile))
        : null;

    /// <summary>The project, or every fault of its manifest with file and line.</summary>
    public static async Task<(FunctionProject? Project, IReadOnlyList<string> Faults)> ReadAsync(string folder)
    {
        var file = Path.Combine(folder, ManifestName);
        if (!File.Exists(file))
        {
            return (null, [$"{folder} holds no {ManifestName}. Make a function with ./edgemesh function new NAME."]);
        }

        var text = await File.ReadAllTextAsync(file);
        var read = await ManifestReader.ReadAsync(file, text);
        return read.Manifest is { } manifest ? (new(folder, manifest, text), []) : (null, [.. read.Faults.Select(f => f.ToString())]);
    }
}
