using EdgeMesh.Sidecar.Resources;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.CommandLine.RunFiles;

/// <summary>The Dapr CLI's multi-app run file (<c>dapr.yaml</c>): one process is the sidecar of every app in it. Its commands are not run:
/// whoever starts the apps goes on doing so.</summary>
internal static class RunFile
{
    /// <summary>Null when there are faults; they are the reader's.</summary>
    public static SidecarSettings? Read(FlagReader flags, IReadOnlyDictionary<string, string> environment)
    {
        var faults = flags.Faults;
        faults.AddRange(flags.Given.Except(RunFileKeys.Beside).Select(f => $"--{f} can't stand beside --run-file. Say it in the file, for the app or in 'common'."));
        var file = Path.GetFullPath(flags["run-file"]!);
        var yaml = new YamlReader(file, faults);
        if (Root(yaml, file, faults) is not { } root)
        {
            return null;
        }

        var common = yaml.Mapping(root, "common");
        if (common is not null)
        {
            yaml.OnlyKeys(common, RunFileKeys.OfCommon);
        }

        var apps = yaml.Sequence(root, "apps").OfType<YamlMappingNode>().Select(node => new RunFileApp(yaml, Path.GetDirectoryName(file)!, common, node)).ToArray();
        if (apps.Length == 0)
        {
            yaml.Fault(root, "'apps' must list at least one app.");
        }

        var settings = new List<SidecarSettings>();
        foreach (var app in apps)
        {
            yaml.OnlyKeys(app.Node, RunFileKeys.OfApp);
            if (SidecarSettings.From(app.Flags(flags, faults), app.Environment(environment)) is { } own)
            {
                Compare(yaml, settings.FirstOrDefault() ?? own, own, app.Node);
                settings.Add(own);
            }
        }

        return faults.Count == 0 ? Together(settings, ProcessEnvironment(yaml, common, environment)) : null;
    }

    private static YamlMappingNode? Root(YamlReader yaml, string file, List<string> faults)
    {
        var before = faults.Count;
        var documents = YamlReader.Documents(file, faults);
        if (documents is not [YamlMappingNode root])
        {
            if (faults.Count == before)
            {
                faults.Add($"{file}: a run file is one mapping with version, common and apps.");
            }

            return null;
        }

        yaml.OnlyKeys(root, "version", "name", "common", "apps");
        if (yaml.Text(root, "version", required: true) is { } version and not "1")
        {
            yaml.Fault(root, $"'version' must be 1, and is '{version}'.");
        }

        return root;
    }

    /// <summary>What there is once in a process can't differ between its apps.</summary>
    private static void Compare(YamlReader yaml, SidecarSettings first, SidecarSettings own, YamlMappingNode node)
    {
        var (a, b) = (first.Options, own.Options);
        Same("apiListenAddresses", a.ListenAddresses.SequenceEqual(b.ListenAddresses, StringComparer.Ordinal));
        Same("maxBodySize", a.MaxBodySize == b.MaxBodySize);
        Same("readBufferSize", a.MaxHeaderSize == b.MaxHeaderSize);
        Same("logLevel", first.LogLevel == own.LogLevel);
        Same("configFilePath", a.ConfigurationPaths.SequenceEqual(b.ConfigurationPaths));
        Same("env: NAMESPACE", a.Namespace == b.Namespace);
        Same("env: DAPR_TRUST_ANCHORS", a.MutualTls == b.MutualTls);

        void Same(string key, bool isSame)
        {
            if (!isSame)
            {
                yaml.Fault(node, $"'{key}' differs between '{a.Apps[0].AppId}' and '{b.Apps[0].AppId}', and is one for the process. Say it in 'common', or give them a run file each.");
            }
        }
    }

    private static SidecarSettings Together(List<SidecarSettings> settings, IReadOnlyDictionary<string, string> environment) => settings[0] with
    {
        Options = settings[0].Options with
        {
            Apps = [.. settings.Select(s => s.Options.Apps[0] with { ResourcesPaths = s.Options.ResourcesPaths, MetricsPort = s.Options.MetricsPort })],
            ResourcesPaths = [],
            MetricsPort = null,
            Environment = environment,
        },
    };

    private static Dictionary<string, string> ProcessEnvironment(YamlReader yaml, YamlMappingNode? common, IReadOnlyDictionary<string, string> process)
    {
        var environment = new Dictionary<string, string>(process, StringComparer.Ordinal);
        RunFileApp.AddEnvironment(yaml, common, environment);
        return environment;
    }
}
