using System.Globalization;
using System.Text;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resiliency;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Reads a process's Dapr resources from YAML files. What this engine does not have is refused by name, never ignored.</summary>
internal sealed class ResourceLoader(string site, List<string> faults)
{
    /// <summary>What is read.</summary>
    public static readonly IReadOnlyList<string> Kinds = ["Component", "Subscription", "Resiliency", "HTTPEndpoint"];

    private readonly Dictionary<string, StringBuilder> _texts = new(StringComparer.Ordinal);

    /// <summary>Who reads the folder that is being loaded; empty: every app of the process.</summary>
    private IReadOnlyList<string> _readers = [];

    public List<ComponentResource> Components { get; } = [];

    /// <summary>Components of type <c>middleware.http.…</c>.</summary>
    public List<ComponentResource> Middlewares { get; } = [];

    public List<SubscriptionResource> Subscriptions { get; } = [];

    public List<ResiliencySpec> Resiliencies { get; } = [];

    public List<HttpEndpointResource> HttpEndpoints { get; } = [];

    /// <summary>Everything in the process's resources folders.</summary>
    public static ResourceLoader Load(SidecarOptions options, List<string> faults)
    {
        var loader = new ResourceLoader(options.Namespace, faults);
        foreach (var (path, readers) in Paths(options))
        {
            loader._readers = readers;
            loader.Load(path);
        }

        ResiliencySpec.Check(loader.Resiliencies, options.Apps.Select(a => a.AppId), faults);
        return loader;
    }

    /// <summary>Every folder once, with the apps that read it; none: all of the process.</summary>
    public static IEnumerable<(string Path, IReadOnlyList<string> Readers)> Paths(SidecarOptions options)
    {
        var own = options.Apps.SelectMany(a => a.ResourcesPaths.Except(options.ResourcesPaths, StringComparer.Ordinal).Select(p => (Path: p, a.AppId)));
        return options.ResourcesPaths.Select(p => (p, (IReadOnlyList<string>)[]))
            .Concat(own.GroupBy(o => o.Path, StringComparer.Ordinal).Select(g => (g.Key, (IReadOnlyList<string>)[.. g.Select(o => o.AppId).Distinct(StringComparer.Ordinal)])));
    }

    /// <summary>All resources of a kind as text: two loaders with the same text have read the same.</summary>
    public string TextOf(string kind) => _texts.TryGetValue(kind, out var text) ? text.ToString() : "";

    public string TextOfMiddlewares => string.Concat(Middlewares.Select(m => m.Text));

    private void Load(string path)
    {
        if (File.Exists(path))
        {
            LoadFile(path);
        }
        else if (Directory.Exists(path))
        {
            foreach (var file in Directory.EnumerateFiles(path).Where(f => Path.GetExtension(f) is ".yaml" or ".yml").Order(StringComparer.Ordinal))
            {
                LoadFile(file);
            }
        }
        else
        {
            faults.Add($"{path}: there is no such resources folder. Name one that exists (--resources-path).");
        }
    }

    private void LoadFile(string file)
    {
        foreach (var document in YamlReader.Documents(file, faults))
        {
            if (document is YamlMappingNode { } other && IsOfOthers(other))
            {
                // As daprd does.
                continue;
            }

            if (document is YamlMappingNode root)
            {
                LoadDocument(new YamlReader(file, faults), root);
            }
            else if (document is not YamlScalarNode { Value: null or "" })
            {
                new YamlReader(file, faults).Fault(document, "a resource must be a mapping with apiVersion, kind, metadata and spec.");
            }
        }
    }

    /// <summary>What stands beside Dapr's resources: Kubernetes' own, or what is no resource at all.</summary>
    private static bool IsOfOthers(YamlMappingNode root) => YamlReader.Find(root, "apiVersion") switch
    {
        YamlScalarNode { Value: { Length: > 0 } version } => !version.StartsWith("dapr.io/", StringComparison.Ordinal),
        null => YamlReader.Find(root, "kind") is null,
        _ => false,
    };

    private void LoadDocument(YamlReader yaml, YamlMappingNode root)
    {
        var name = yaml.Mapping(root, "metadata", required: true) is { } metadata ? yaml.Text(metadata, "name", required: true) : null;
        var kind = yaml.Text(root, "kind", required: true);
        var version = yaml.Text(root, "apiVersion", required: true);
        var spec = yaml.Mapping(root, "spec", required: true);
        if (name is null || kind is null || spec is null || IsForeign(yaml, root) || (_readers.Count > 0 && Scopes(yaml, root).Count == 0))
        {
            return;
        }

        (_texts.TryGetValue(kind, out var text) ? text : _texts[kind] = new StringBuilder()).AppendLine(root.ToString());
        switch (kind, version)
        {
            case ("Component", "dapr.io/v1alpha1"):
                LoadComponent(yaml, root, name, spec);
                break;
            case ("Subscription", "dapr.io/v1alpha1" or "dapr.io/v2alpha1"):
                LoadSubscription(yaml, root, name, spec);
                break;
            case ("Resiliency", "dapr.io/v1alpha1"):
                Resiliencies.Add(ResiliencyReader.Read(yaml, root, name, spec, Scopes(yaml, root)));
                break;
            case ("HTTPEndpoint", "dapr.io/v1alpha1"):
                if (HttpEndpointReader.Read(yaml, root, name, spec, Scopes(yaml, root)) is { } endpoint)
                {
                    HttpEndpoints.Add(endpoint);
                }

                break;
            case ("Configuration", "dapr.io/v1alpha1"):
                yaml.Fault(root, "kind 'Configuration' is not read from here. Give it by --config, as to daprd, and take it out of this folder.");
                break;
            default:
                yaml.Fault(root, $"kind '{kind}' ({version}) is not served by the embedded engine. Take it out of this folder, or run the site on daprd.");
                break;
        }
    }

    /// <summary>A resource may name the namespace it is for; others leave it alone, as daprd does.</summary>
    private bool IsForeign(YamlReader yaml, YamlMappingNode root) =>
        yaml.Mapping(root, "metadata") is { } metadata && yaml.Text(metadata, "namespace") is { Length: > 0 } space && space != site;

    private void LoadComponent(YamlReader yaml, YamlMappingNode root, string name, YamlMappingNode spec)
    {
        yaml.OnlyKeys(root, "apiVersion", "kind", "metadata", "spec", "scopes", "auth");
        yaml.OnlyKeys(spec, "type", "version", "metadata", "ignoreErrors", "initTimeout");
        if (yaml.Text(spec, "type", required: true) is not { } type)
        {
            return;
        }

        (type.StartsWith("middleware.http.", StringComparison.Ordinal) ? Middlewares : Components).Add(new ComponentResource(name, type, yaml.Text(spec, "version") ?? "v1", yaml.At(root))
        {
            TypeSource = yaml.At(YamlReader.Find(spec, "type")!),
            Text = root.ToString(),
            Metadata = [.. yaml.Sequence(spec, "metadata").OfType<YamlMappingNode>().Select(item => yaml.Text(item, "name", required: true) is { } field ? MetadataItem.Read(yaml, item, field) : null).OfType<MetadataItem>()],
            Scopes = Scopes(yaml, root),
            SecretStore = yaml.Mapping(root, "auth") is { } auth ? yaml.Text(auth, "secretStore") : null,
            IgnoreErrors = yaml.Text(spec, "ignoreErrors") == "true",
            InitTimeout = InitTimeout(yaml, spec),
        });
    }

    private static TimeSpan InitTimeout(YamlReader yaml, YamlMappingNode spec)
    {
        if (yaml.Text(spec, "initTimeout") is not { Length: > 0 } text)
        {
            return ComponentResource.DefaultInitTimeout;
        }

        if (GoDuration.TryParse(text, out var limit) && limit > TimeSpan.Zero)
        {
            return limit;
        }

        yaml.Fault(spec, $"'initTimeout' must be a duration such as 5s, and is '{text}'.");
        return ComponentResource.DefaultInitTimeout;
    }

    private void LoadSubscription(YamlReader yaml, YamlMappingNode root, string name, YamlMappingNode spec)
    {
        yaml.OnlyKeys(root, "apiVersion", "kind", "metadata", "spec", "scopes");
        yaml.OnlyKeys(spec, "pubsubname", "topic", "route", "routes", "deadLetterTopic", "metadata", "bulkSubscribe");
        var routes = yaml.Mapping(spec, "routes");
        var rules = routes is null ? [] : yaml.Sequence(routes, "rules").OfType<YamlMappingNode>()
            .Select(rule => (yaml.Text(rule, "match", required: true) ?? "", yaml.Text(rule, "path", required: true) ?? "")).ToList();
        if (yaml.Text(spec, "pubsubname", required: true) is { } pubsub && yaml.Text(spec, "topic", required: true) is { } topic)
        {
            Subscriptions.Add(new SubscriptionResource(name, pubsub, topic, yaml.At(root))
            {
                Rules = rules,
                DefaultRoute = yaml.Text(spec, "route") ?? (routes is null ? null : yaml.Text(routes, "default")),
                DeadLetterTopic = yaml.Text(spec, "deadLetterTopic"),
                Bulk = LoadBulk(yaml, spec),
                Metadata = yaml.Mapping(spec, "metadata")?.Children.ToDictionary(m => m.Key.ToString(), m => m.Value.ToString()) ?? [],
                Scopes = Scopes(yaml, root),
            });
        }
    }

    private static BulkOptions? LoadBulk(YamlReader yaml, YamlMappingNode spec)
    {
        if (yaml.Mapping(spec, "bulkSubscribe") is not { } bulk)
        {
            return null;
        }

        yaml.OnlyKeys(bulk, "enabled", "maxMessagesCount", "maxAwaitDurationMs");
        return yaml.Text(bulk, "enabled") == "true" ? BulkOptions.Of(Number(yaml, bulk, "maxMessagesCount"), Number(yaml, bulk, "maxAwaitDurationMs")) : null;
    }

    private static long? Number(YamlReader yaml, YamlMappingNode parent, string name)
    {
        if (yaml.Text(parent, name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        yaml.Fault(parent, $"'{name}' must be a whole number, and is '{text}'.");
        return null;
    }

    /// <summary>Empty: every app of the process; of a folder that only some apps read, empty is none of them.</summary>
    private IReadOnlyList<string> Scopes(YamlReader yaml, YamlMappingNode root)
    {
        string[] named = [.. yaml.Sequence(root, "scopes").OfType<YamlScalarNode>().Select(s => s.Value).OfType<string>()];
        return _readers.Count == 0 ? named : named.Length == 0 ? _readers : [.. named.Intersect(_readers, StringComparer.Ordinal)];
    }
}
