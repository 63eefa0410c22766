using System.Globalization;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.Metadata;

/// <summary>What the sidecar says of itself.</summary>
internal static class MetadataBlock
{
    /// <summary>The Dapr API that this engine serves.</summary>
    public const string Version = "1.18.0-edgemesh";

    private static readonly string[] StateCapabilities = ["ETAG", "TRANSACTIONAL", "TTL", "ACTOR"];

    public static SidecarDescription Describe(AppRuntime app) => new(
        app.AppId,
        Version,
        app.Configuration.Features.Count > 0 ? [.. app.Configuration.Features] : null,
        [.. app.Components.Select(c => new ComponentDescription(c.Spec.Name, c.Spec.Type, c.Spec.Version, Capabilities(c.Spec)))],
        new Dictionary<string, string>(app.Extended) { ["daprRuntimeVersion"] = Version },
        [.. app.Subscriptions.Select(Describe)],
        Listed(app.Endpoints.Names),
        Describe(app.Options),
        Listed(app.Resilience.Names))
    {
        Actors = app.Directory.Actors.Of(app.AppId).SelectMany(h => h.Types.Select(t => new ActiveActors(t, h.CountActive(t) is > 0 and var count ? count : null))).ToArray() is { Length: > 0 } actors ? actors : null,
    };

    private static SubscriptionDescription Describe(Subscription subscription) => new(
        subscription.PubSub,
        subscription.Topic,
        subscription.Metadata.Count > 0 ? subscription.Metadata : null,
        [
            .. subscription.Rules.Select(r => new RuleDescription(r.Match?.Text, r.Path)),
            .. subscription.DefaultRoute is { } path ? [new RuleDescription(null, path)] : Array.Empty<RuleDescription>(),
        ],
        subscription.DeadLetterTopic ?? "",
        subscription.Origin);

    private static AppConnection Describe(SidecarAppOptions app) => new(
        app.AppEndpoint?.Port,
        app.AppProtocol.ToString().ToLowerInvariant(),
        app.AppEndpoint?.Host ?? "127.0.0.1",
        app.MaxConcurrency,
        app.HealthCheck is { } health
            ? new HealthDescription(app.AppProtocol is AppProtocol.Grpc or AppProtocol.Grpcs ? null : health.Path, Duration(health.Interval), Duration(health.Timeout), health.Threshold)
            : null);

    /// <summary>As Go writes durations of whole milliseconds below an hour.</summary>
    private static string Duration(TimeSpan duration) => duration.TotalSeconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds}ms"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)duration.TotalMinutes}m{duration.Seconds}s"),
    };

    private static NamedDescription[]? Listed(IEnumerable<string> names) => names.Select(n => new NamedDescription(n)).ToArray() is { Length: > 0 } listed ? listed : null;

    /// <summary>Null: none, which daprd leaves out.</summary>
    private static string[]? Capabilities(ComponentSpec spec) => spec.Type switch
    {
        _ when spec.Type.StartsWith("state.", StringComparison.Ordinal) => StateCapabilities,
        "pubsub.in-memory" => ["SUBSCRIBE_WILDCARDS"],
        "bindings.cron" => ["INPUT_BINDING"],
        "bindings.http" or "bindings.localstorage" => ["OUTPUT_BINDING"],
        "secretstores.local.file" when spec["multiValued"] == "true" => ["MULTIPLE_KEY_VALUES_PER_SECRET"],
        _ => null,
    };
}
