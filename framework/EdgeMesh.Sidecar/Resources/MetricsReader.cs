using System.Globalization;
using EdgeMesh.Sidecar.Metrics;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Reads what a Configuration says of metrics.</summary>
internal static class MetricsReader
{
    /// <param name="yaml">Takes the faults.</param>
    /// <param name="section">The section.</param>
    /// <param name="withoutEffect">Is told what is taken and changes nothing.</param>
    public static MetricsSetting Read(YamlReader yaml, YamlMappingNode section, Action<string> withoutEffect)
    {
        yaml.OnlyKeys(section, "enabled", "http", "rules", "latencyDistributionBuckets", "recordErrorCodes");
        if (yaml.Sequence(section, "rules").Count > 0)
        {
            withoutEffect("rules");
        }

        var setting = new MetricsSetting
        {
            Enabled = yaml.Text(section, "enabled") != "false",
            CountsErrorCodes = yaml.Text(section, "recordErrorCodes") == "true",
            Buckets = yaml.Sequence(section, "latencyDistributionBuckets") is { Count: > 0 } bounds ? Buckets(yaml, section, bounds) : MetricSeries.DefaultBuckets,
        };
        if (yaml.Mapping(section, "http") is not { } http)
        {
            return setting;
        }

        yaml.OnlyKeys(http, "increasedCardinality", "pathMatching", "excludeVerbs");
        return setting with
        {
            TellsPaths = yaml.Text(http, "increasedCardinality") != "false",
            TellsMethods = yaml.Text(http, "excludeVerbs") != "true",
            Patterns = [.. yaml.Sequence(http, "pathMatching").OfType<YamlScalarNode>().Select(p => new PathPattern(p.Value ?? ""))],
        };
    }

    private static double[] Buckets(YamlReader yaml, YamlMappingNode section, IReadOnlyList<YamlNode> bounds)
    {
        var numbers = new double[bounds.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (!int.TryParse(bounds[i].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var bound) || (i > 0 && bound <= numbers[i - 1]))
            {
                yaml.Fault(section, $"'latencyDistributionBuckets' must be whole milliseconds that ascend, and has '{bounds[i]}'.");
                return [.. MetricSeries.DefaultBuckets];
            }

            numbers[i] = bound;
        }

        return numbers;
    }
}
