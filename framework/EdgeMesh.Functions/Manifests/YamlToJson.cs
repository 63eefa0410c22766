using System.Globalization;
using Newtonsoft.Json.Linq;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Functions.Manifests;

/// <summary>Turns YAML into JSON. Aliases are followed, so depth and size are bounded: one that holds itself would never end.</summary>
internal sealed class YamlToJson
{
    private const int MaxDepth = 16;
    private const int MaxNodes = 10_000;
    private int _nodes;

    /// <exception cref="YamlException">It is too deep or too large, or a key is more than a word.</exception>
    public JToken Convert(YamlNode node, int depth)
    {
        if (depth > MaxDepth || ++_nodes > MaxNodes)
        {
            throw new YamlException(node.Start, node.End, $"more than {MaxDepth} levels or {MaxNodes} values, or an alias that holds itself");
        }

        return node switch
        {
            YamlMappingNode map => new JObject(map.Children.Select(c => new JProperty(Key(c.Key), Convert(c.Value, depth + 1)))),
            YamlSequenceNode list => new JArray(list.Children.Select(c => Convert(c, depth + 1))),
            YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text } => Plain(text),
            YamlScalarNode scalar => new JValue(scalar.Value),
            _ => JValue.CreateNull(),
        };
    }

    private static string Key(YamlNode key) =>
        key is YamlScalarNode { Value: { } text } ? text : throw new YamlException(key.Start, key.End, "a key must be a word");

    /// <summary>YAML 1.2's core schema: only these words are more than text.</summary>
    private static JValue Plain(string text) => text switch
    {
        "true" => new JValue(true),
        "false" => new JValue(false),
        "null" or "~" or "" => JValue.CreateNull(),
        _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => new JValue(number),
        _ => new JValue(text),
    };
}
