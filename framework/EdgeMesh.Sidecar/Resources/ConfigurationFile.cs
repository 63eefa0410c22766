using Microsoft.Extensions.Logging;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>daprd's <c>--config</c> file. What would change what an app sees is refused by name; what only observes is named and left.</summary>
internal static partial class ConfigurationFile
{
    /// <summary>One process needs no resolver; telemetry changes nothing for an app.</summary>
    private static readonly string[] WithoutEffect = ["nameResolution", "tracing", "metric", "metrics", "logging"];

    public static void Check(string path, List<string> faults, ILogger logger)
    {
        var stream = new YamlStream();
        try
        {
            using var text = File.OpenText(path);
            stream.Load(text);
        }
        catch (YamlException error)
        {
            faults.Add($"{path}:{error.Start.Line}: not YAML: {error.Message}");
            return;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            faults.Add($"--config {path}: can't be read: {error.Message}");
            return;
        }

        foreach (var root in stream.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>())
        {
            var yaml = new YamlReader(path, faults);
            if (yaml.Text(root, "kind", required: true) is { } kind and not "Configuration")
            {
                yaml.Fault(root, $"--config takes a Configuration, and this is a {kind}.");
            }

            CheckSections(yaml, yaml.Mapping(root, "spec"), logger, path);
        }
    }

    private static void CheckSections(YamlReader yaml, YamlMappingNode? spec, ILogger logger, string path)
    {
        foreach (var key in spec?.Children.Keys.ToArray() ?? [])
        {
            var name = key.ToString();
            if (WithoutEffect.Contains(name, StringComparer.Ordinal))
            {
                LogWithoutEffect(logger, name, path);
            }
            else
            {
                yaml.Fault(key, $"'{name}' is not served by the embedded engine. Take it out, or run daprd.");
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "'{Section}' of {Path} has no effect on the embedded engine")]
    private static partial void LogWithoutEffect(ILogger logger, string section, string path);
}
