using System.Collections.Concurrent;
using EdgeMesh.Cli.Functions;

namespace EdgeMesh.Cli.Tests.Functions;

/// <summary>The samples of the repository and the templates, each built once from its source, in a folder of the tests' own.</summary>
public sealed class BuiltSamples : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<FunctionProject>>> _built = new();

    public void Dispose() => _folder.Dispose();

    internal Task<FunctionProject> SampleAsync(string sample) => _built.GetOrAdd(sample, name => new(() =>
    {
        var (from, to) = (Path.Combine(Path.GetDirectoryName(Repository.Topology)!, "samples", "functions"), _folder.File(name));
        var sources = Directory.EnumerateFiles(Path.Combine(from, name), "*", SearchOption.AllDirectories).Where(f => !f.Contains("node_modules", StringComparison.Ordinal));
        foreach (var file in Directory.EnumerateFiles(from, "edgemesh.*").Concat(sources))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return BuildAsync(Path.Combine(to, name));
    })).Value;

    internal Task<FunctionProject> TemplateAsync(string template) => _built.GetOrAdd($"template {template}", _ => new(() =>
    {
        FunctionTemplates.Write(template, "greeter", _folder.File($"template-{template}"));
        return BuildAsync(_folder.File($"template-{template}"));
    })).Value;

    private static async Task<FunctionProject> BuildAsync(string folder)
    {
        var (project, faults) = await FunctionProject.ReadAsync(folder);
        Assert.Empty(faults);
        Assert.Null(await FunctionCompiler.BuildAsync(project!, CancellationToken.None));
        return project!;
    }
}
