using System.Globalization;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using NJsonSchema.Validation;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Functions.Manifests;

/// <summary>A manifest's YAML, as the JSON that the schema and the reader see, with the way back to the lines.</summary>
/// <exception cref="YamlDotNet.Core.YamlException">It is too deep or too large, or a key is more than a word.</exception>
internal sealed class ManifestDocument(string file, YamlMappingNode root)
{
    private readonly JToken _json = new YamlToJson().Convert(root, 0);

    public List<ManifestFault> Validate(JsonSchema schema)
    {
        var faults = new List<ManifestFault>();
        Collect(schema.Validate(_json), faults);
        return [.. faults.DistinctBy(f => (f.Line, f.Key, f.Problem)).OrderBy(f => f.Line)];
    }

    public FunctionManifest Read() => ManifestMapping.Manifest((JObject)_json);

    public ManifestFault Fault(string path, string problem)
    {
        var key = path.TrimStart('#', '/').TrimStart('.');
        return new ManifestFault(file, LineOf(key), key, problem);
    }

    private void Collect(IEnumerable<ValidationError> errors, List<ManifestFault> faults)
    {
        foreach (var error in errors)
        {
            if (error is ChildSchemaValidationError child)
            {
                Collect(child.Errors.Values.SelectMany(e => e), faults);
            }
            else
            {
                faults.Add(Fault(error.Path ?? "", ManifestWords.Say(error)));
            }
        }
    }

    /// <summary>The line of a path such as <c>triggers[0].http.path</c>; of a key that is not there, the line of what should hold it.</summary>
    private int LineOf(string path)
    {
        YamlNode node = root;
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var bracket = step.IndexOf('[', StringComparison.Ordinal);
            var name = bracket < 0 ? step : step[..bracket];
            if (name.Length > 0)
            {
                if (node is not YamlMappingNode map || map.Children.FirstOrDefault(c => (c.Key as YamlScalarNode)?.Value == name).Value is not { } value)
                {
                    break;
                }

                node = value;
            }

            if (bracket >= 0 && node is YamlSequenceNode list && int.TryParse(step.AsSpan(bracket + 1, step.Length - bracket - 2), CultureInfo.InvariantCulture, out var at) && at < list.Children.Count)
            {
                node = list.Children[at];
            }
        }

        return (int)node.Start.Line;
    }
}
