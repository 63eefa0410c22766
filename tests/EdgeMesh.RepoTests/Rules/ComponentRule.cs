using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.RepoTests;

/// <summary>The component names of the design are the only ones that code may be written against, and the only ones that a folder of
/// components may define: so any folder fits any service.</summary>
internal static partial class ComponentRule
{
    private static readonly string[] Names = ["heads", "bodies", "actors", "events", "wan", "secrets", "settings"];

    // The sidecar serves any name; Testing shows strangers how to bring their own.
    private static readonly string[] Exempt = ["framework/EdgeMesh.Sidecar/", "framework/EdgeMesh.Testing/", "samples/"];

    public static IEnumerable<string> InCode(IEnumerable<RepositoryFile> files) =>
        from file in files
        where file.IsCSharp && !Exempt.Any(e => file.Path.StartsWith(e, StringComparison.Ordinal))
        from use in Call().Matches(file.Text).Concat(Attribute().Matches(file.Text)).Concat(Constant().Matches(file.Text))
        where !Names.Contains(use.Groups["name"].Value)
        select $"{file.At(use.Index)} uses the component '{use.Groups["name"].Value}'; the design names {string.Join(", ", Names)}";

    public static IEnumerable<string> InYaml(IEnumerable<RepositoryFile> files) =>
        from file in files
        where file.Path.StartsWith("components/", StringComparison.Ordinal) && file.Path.EndsWith(".yaml", StringComparison.Ordinal)
        from name in Components(file)
        where !Names.Contains(name)
        select $"{file.Path} defines the component '{name}'; the design names {string.Join(", ", Names)}";

    private static IEnumerable<string> Components(RepositoryFile file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(file.Text));
        return yaml.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>()
            .Where(n => n.Children.TryGetValue("kind", out var kind) && kind.ToString() == "Component")
            .Select(n => n["metadata"]["name"].ToString());
    }

    [GeneratedRegex(@"\.(?:\w*State\w*|\w*PublishEvent|PublishByteEvent|\w*Secret|GetConfiguration|Lock|Unlock)Async(?:<[^>()]*>)?\(\s*""(?<name>[^""]*)""")]
    private static partial Regex Call();

    [GeneratedRegex(@"(?:\[Topic|\.WithTopic|\[FromState)\(\s*""(?<name>[^""]*)""")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"const string \w*(?:Component|PubSub|StateStore|StoreName) = ""(?<name>[^""]*)""")]
    private static partial Regex Constant();
}
