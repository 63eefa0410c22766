using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.Metadata;

/// <summary>What the sidecar says of itself.</summary>
internal static class MetadataBlock
{
    /// <summary>The Dapr API that this engine serves.</summary>
    public const string Version = "1.18.0-edgemesh";

    public static SidecarDescription Describe(AppRuntime app) => new(
        app.AppId,
        Version,
        [.. app.Components.Select(c => new ComponentDescription(c.Spec.Name, c.Spec.Type, c.Spec.Version, Capabilities(c.Spec)))],
        new Dictionary<string, string>(app.Extended) { ["daprRuntimeVersion"] = Version },
        [.. app.Subscriptions.Select(s => new SubscriptionDescription(
            s.PubSub, s.Topic, s.Metadata, [.. s.Rules.Select(r => new RuleDescription(null, r.Path)), .. s.DefaultRoute is { } path ? [new RuleDescription("", path)] : Array.Empty<RuleDescription>()],
            s.DeadLetterTopic ?? "", s.Origin))],
        app.Channel is { } channel ? new AppConnection(channel.Endpoint.Port, channel.Endpoint.Scheme, channel.Endpoint.Host) : null);

    private static string[] Capabilities(ComponentSpec spec) => spec.Type switch
    {
        "state.in-memory" or "state.sqlite" => ["ETAG", "TRANSACTIONAL", "TTL"],
        "bindings.cron" => ["INPUT_BINDING"],
        "bindings.http" or "bindings.localstorage" => ["OUTPUT_BINDING"],
        "secretstores.local.file" when spec["multiValued"] == "true" => ["MULTIPLE_KEY_VALUES_PER_SECRET"],
        _ => [],
    };
}

internal sealed record SidecarDescription(
    string Id, string RuntimeVersion, ComponentDescription[] Components, Dictionary<string, string> Extended, SubscriptionDescription[] Subscriptions, AppConnection? AppConnectionProperties);

internal sealed record ComponentDescription(string Name, string Type, string Version, string[] Capabilities);

internal sealed record SubscriptionDescription(
    string Pubsubname, string Topic, IReadOnlyDictionary<string, string> Metadata, RuleDescription[] Rules, string DeadLetterTopic, string Type);

internal sealed record RuleDescription(string? Match, string Path);

internal sealed record AppConnection(int Port, string Protocol, string ChannelAddress);
