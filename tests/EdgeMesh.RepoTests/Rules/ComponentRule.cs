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
        where IsComponentFile(file)
        from name in Components(file)
        where !Names.Contains(name)
        select $"{file.Path} defines the component '{name}'; the design names {string.Join(", ", Names)}";

    /// <summary>Any folder fits any service only if each defines the same names.</summary>
    public static IEnumerable<string> MissingInFolders(IEnumerable<RepositoryFile> files)
    {
        var folders = files.Where(IsComponentFile).GroupBy(f => Path.GetDirectoryName(f.Path)!).ToDictionary(g => g.Key, g => g.SelectMany(Components).ToHashSet());
        var all = folders.Values.SelectMany(names => names).ToHashSet();
        return folders.SelectMany(folder => all.Except(folder.Value).Select(name => $"{folder.Key} does not define '{name}', and another folder does"));
    }

    /// <summary>One group for each service and site: with Dapr's default, the app id, one site would take another's announcements.</summary>
    public static IEnumerable<string> SharedGroups(IEnumerable<RepositoryFile> files) =>
        from file in files
        where IsComponentFile(file)
        from component in Resources(file)
        where component["spec"]["type"].ToString().StartsWith("pubsub.", StringComparison.Ordinal)
        where !Metadata(component).Any(m => m is ("consumerID", "{namespace}"))
        select $"{file.Path} has a pub/sub component without consumerID: \"{{namespace}}\"";

    /// <summary>Cassandra takes ETags and consistency for each call and ignores the one, and opens a session for the other.</summary>
    public static IEnumerable<string> BodiesWithConditions(IEnumerable<RepositoryFile> files) =>
        from file in files
        where file.IsCSharp && !Exempt.Any(e => file.Path.StartsWith(e, StringComparison.Ordinal))
        from use in ConditionalBodies().Matches(file.Text)
        select $"{file.At(use.Index)} gives 'bodies' an ETag or a consistency option";

    private static bool IsComponentFile(RepositoryFile file) =>
        file.Path.StartsWith("components/", StringComparison.Ordinal) && file.Path.EndsWith(".yaml", StringComparison.Ordinal);

    private static IEnumerable<string> Components(RepositoryFile file) => Resources(file).Select(n => n["metadata"]["name"].ToString());

    private static IEnumerable<(string, string)> Metadata(YamlMappingNode component) =>
        component["spec"] is YamlMappingNode spec && spec.Children.TryGetValue("metadata", out var items) && items is YamlSequenceNode list
            ? list.OfType<YamlMappingNode>().Where(m => m.Children.ContainsKey("value")).Select(m => (m["name"].ToString(), m["value"].ToString()))
            : [];

    private static IEnumerable<YamlMappingNode> Resources(RepositoryFile file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(file.Text));
        return yaml.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>()
            .Where(n => n.Children.TryGetValue("kind", out var kind) && kind.ToString() == "Component");
    }

    [GeneratedRegex(@"\.(?:\w*State\w*|\w*PublishEvent|PublishByteEvent|\w*Secret|GetConfiguration|Lock|Unlock)Async(?:<[^>()]*>)?\(\s*""(?<name>[^""]*)""")]
    private static partial Regex Call();

    [GeneratedRegex(@"\((?:BodiesComponent|Bodies|""bodies"")\s*,[^;]*\b(?:etag|ETag|StateOptions|ConsistencyMode)\b")]
    private static partial Regex ConditionalBodies();

    [GeneratedRegex(@"(?:\[Topic|\.WithTopic|\[FromState)\(\s*""(?<name>[^""]*)""")]
    private static partial Regex Attribute();

    [GeneratedRegex(@"const string \w*(?:Component|PubSub|StateStore|StoreName) = ""(?<name>[^""]*)""")]
    private static partial Regex Constant();
}
