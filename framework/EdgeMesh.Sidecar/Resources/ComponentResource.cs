using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>A Component resource as written: values may refer to secrets.</summary>
internal sealed record ComponentResource(string Name, string Type, string Version, string Source)
{
    public static readonly TimeSpan DefaultInitTimeout = TimeSpan.FromSeconds(5);

    /// <summary>File and line of <c>type</c>.</summary>
    public required string TypeSource { get; init; }

    /// <summary>All of it: two with the same text are the same.</summary>
    public required string Text { get; init; }

    public IReadOnlyList<MetadataItem> Metadata { get; init; } = [];

    public IReadOnlyList<string> Scopes { get; init; } = [];

    public string? SecretStore { get; init; }

    /// <summary>The component's failure to open is told and survived.</summary>
    public bool IgnoreErrors { get; init; }

    /// <summary>How long the first contact with a server may take.</summary>
    public TimeSpan InitTimeout { get; init; } = DefaultInitTimeout;
}

/// <param name="Name">The field.</param>
/// <param name="Value">Null when it comes from a secret or from the environment.</param>
/// <param name="SecretName">The secret that holds the value.</param>
/// <param name="SecretKey">The key inside the secret.</param>
/// <param name="Source">File and line.</param>
internal sealed record MetadataItem(string Name, string? Value, string? SecretName, string? SecretKey, string Source)
{
    /// <summary>The environment variable that holds the value.</summary>
    public string? EnvironmentName { get; init; }

    /// <param name="yaml">Takes the faults.</param>
    /// <param name="item">With <c>value</c>, <c>secretKeyRef</c> or <c>envRef</c>.</param>
    /// <param name="name">The field.</param>
    public static MetadataItem Read(YamlReader yaml, YamlMappingNode item, string name)
    {
        yaml.OnlyKeys(item, "name", "value", "secretKeyRef", "envRef");
        var reference = yaml.Mapping(item, "secretKeyRef");
        var secret = reference is null ? null : yaml.Text(reference, "name", required: true);
        return new MetadataItem(name, yaml.Text(item, "value"), secret, reference is null ? null : yaml.Text(reference, "key") ?? secret, yaml.At(item))
        {
            EnvironmentName = yaml.Text(item, "envRef"),
        };
    }
}

/// <summary>A Subscription resource (v1alpha1 or v2alpha1), reduced to one form.</summary>
internal sealed record SubscriptionResource(string Name, string PubSub, string Topic, string Source)
{
    public IReadOnlyList<(string Match, string Path)> Rules { get; init; } = [];

    public string? DefaultRoute { get; init; }

    public string? DeadLetterTopic { get; init; }

    /// <summary>Null: messages come one by one.</summary>
    public BulkOptions? Bulk { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> Scopes { get; init; } = [];
}
