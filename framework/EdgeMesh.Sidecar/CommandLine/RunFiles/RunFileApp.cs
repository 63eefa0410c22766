using EdgeMesh.Sidecar.Resources;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.CommandLine.RunFiles;

/// <summary>One app of a run file, turned into the flags that daprd would get for it.</summary>
/// <param name="yaml">Reads the file.</param>
/// <param name="folder">Of the file: what is relative in <c>common</c> is relative to it.</param>
/// <param name="common">What the apps have in common; null: nothing.</param>
/// <param name="app">The app's own part.</param>
internal sealed class RunFileApp(YamlReader yaml, string folder, YamlMappingNode? common, YamlMappingNode app)
{
    private const string DefaultsFolder = ".dapr";

    public YamlMappingNode Node => app;

    /// <summary>What is relative in the app's part is relative to it.</summary>
    private string AppFolder => yaml.Text(app, "appDirPath") is { Length: > 0 } given ? Path.GetFullPath(given, folder) : folder;

    /// <param name="beside">Flags of the process, which go before the file.</param>
    /// <param name="faults">Takes what is wrong.</param>
    public FlagReader Flags(FlagReader beside, List<string> faults)
    {
        var flags = FlagReader.Empty(faults);
        foreach (var (key, flag) in RunFileKeys.Own)
        {
            Take(flags, app, key, flag);
        }

        foreach (var (key, flag) in RunFileKeys.Shared.Where(k => k.Value is not ("resources-path" or "config")))
        {
            Take(flags, common is null || YamlReader.Find(app, key) is not null ? app : common, key, flag);
        }

        AddPaths(flags);
        AddDefaults(flags);
        foreach (var flag in RunFileKeys.Beside.Where(f => beside[f] is not null))
        {
            flags.Add(flag, beside[flag]!, "--" + flag);
        }

        return flags;
    }

    /// <summary>The process's environment, under what the file adds to it.</summary>
    public Dictionary<string, string> Environment(IReadOnlyDictionary<string, string> process)
    {
        var environment = new Dictionary<string, string>(process, StringComparer.Ordinal);
        AddEnvironment(yaml, common, environment);
        AddEnvironment(yaml, app, environment);
        return environment;
    }

    public static void AddEnvironment(YamlReader yaml, YamlMappingNode? from, Dictionary<string, string> to)
    {
        if (from is null || yaml.Mapping(from, "env") is not { } env)
        {
            return;
        }

        foreach (var (key, value) in env.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && value is YamlScalarNode { Value: { } text })
            {
                to[name] = text;
            }
            else
            {
                yaml.Fault(value, "a variable of 'env' must be a single value.");
            }
        }
    }

    /// <summary>As the Dapr CLI has it, no port, or one below 1, is one that is free; and 0 of anything else counts as not given.</summary>
    private void Take(FlagReader flags, YamlMappingNode from, string key, string flag)
    {
        if (YamlReader.Find(from, key) is { } node && yaml.Text(from, key) is { Length: > 0 } text && text is not ("-1" or "0"))
        {
            flags.Add(flag, text, $"{yaml.At(node)}: '{key}'");
        }
    }

    /// <summary>The app's own, else those in its folder, else those in common.</summary>
    private void AddPaths(FlagReader flags)
    {
        var own = Path.Combine(AppFolder, DefaultsFolder, "resources");
        if (!AddPaths(flags, app, AppFolder, "resources-path", "resourcesPaths", "resourcesPath"))
        {
            _ = Directory.Exists(own) ? AddPath(flags, "resources-path", own, app) : common is not null && AddPaths(flags, common, folder, "resources-path", "resourcesPaths", "resourcesPath");
        }

        var configuration = Path.Combine(AppFolder, DefaultsFolder, "config.yaml");
        if (!AddPaths(flags, app, AppFolder, "config", "configFilePath"))
        {
            _ = File.Exists(configuration) ? AddPath(flags, "config", configuration, app) : common is not null && AddPaths(flags, common, folder, "config", "configFilePath");
        }
    }

    private bool AddPaths(FlagReader flags, YamlMappingNode from, string relativeTo, string flag, params ReadOnlySpan<string> keys)
    {
        var found = false;
        foreach (var key in keys)
        {
            IEnumerable<YamlNode> nodes = YamlReader.Find(from, key) is YamlScalarNode single ? [single] : yaml.Sequence(from, key);
            foreach (var node in nodes)
            {
                found |= node is YamlScalarNode { Value: { Length: > 0 } path } && AddPath(flags, flag, Path.GetFullPath(path, relativeTo), node);
            }
        }

        return found;
    }

    private bool AddPath(FlagReader flags, string flag, string path, YamlNode node)
    {
        flags.Add(flag, path, yaml.At(node));
        return true;
    }

    private void AddDefaults(FlagReader flags)
    {
        if (flags["app-id"] is null && yaml.Text(app, "appDirPath") is { Length: > 0 })
        {
            flags.Add("app-id", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppFolder)), yaml.At(app));
        }
        else if (flags["app-id"] is null)
        {
            flags.Add("app-id", "", $"{yaml.At(app)}: 'appID'");
        }

        foreach (var port in (string[])["dapr-http-port", "dapr-grpc-port"])
        {
            if (flags[port] is null)
            {
                flags.Add(port, "0", yaml.At(app));
            }
        }
    }
}
