using System.Globalization;
using EdgeMesh.Sidecar.Metrics;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Reads what a Configuration says of metrics.</summary>
internal static class MetricsReader
{
    public static MetricsSetting Read(YamlReader yaml, YamlMappingNode section)
    {
        yaml.OnlyKeys(section, "enabled", "http", "rules", "latencyDistributionBuckets", "recordErrorCodes");
        var setting = new MetricsSetting
        {
            Enabled = yaml.Text(section, "enabled") != "false",
            Rules = [.. yaml.Sequence(section, "rules").OfType<YamlMappingNode>().SelectMany(rule => Rules(yaml, rule))],
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

    private static IEnumerable<LabelRule> Rules(YamlReader yaml, YamlMappingNode rule)
    {
        yaml.OnlyKeys(rule, "name", "labels");
        var instrument = yaml.Text(rule, "name", required: true) ?? "";
        foreach (var label in yaml.Sequence(rule, "labels").OfType<YamlMappingNode>())
        {
            yaml.OnlyKeys(label, "name", "regex");
            var name = yaml.Text(label, "name", required: true) ?? "";
            foreach (var (value, pattern) in yaml.Mapping(label, "regex")?.Children.ToArray() ?? [])
            {
                if (LabelRule.TryParse(instrument, name, pattern.ToString(), value.ToString(), out var parsed, out var fault))
                {
                    yield return parsed;
                }
                else
                {
                    yaml.Fault(pattern, $"'{pattern}' is no regular expression here: {fault}");
                }
            }
        }
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
