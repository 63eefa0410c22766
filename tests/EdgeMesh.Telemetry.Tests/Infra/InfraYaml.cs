using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>A YAML file of <c>infra/</c>.</summary>
internal static class InfraYaml
{
    public static YamlMappingNode Load(params string[] parts)
    {
        using var text = File.OpenText(InfraFolder.File(parts));
        var yaml = new YamlStream();
        yaml.Load(text);
        return (YamlMappingNode)yaml.Documents.Single().RootNode;
    }

    /// <summary>A mapping below; empty where there is none.</summary>
    public static YamlMappingNode Map(this YamlMappingNode node, string name) => node.Children.TryGetValue(name, out var found) ? (YamlMappingNode)found : new YamlMappingNode();

    /// <summary>The texts of a sequence, or a text as a sequence of one; empty where there is none.</summary>
    public static List<string> Texts(this YamlMappingNode node, string name) => !node.Children.TryGetValue(name, out var found) ? [] : found switch
    {
        YamlSequenceNode sequence => [.. sequence.Select(n => n.ToString())],
        YamlMappingNode map => map.Names(),
        _ => [found.ToString()],
    };

    public static List<string> Names(this YamlMappingNode node) => [.. node.Children.Keys.Select(k => k.ToString())];
}
