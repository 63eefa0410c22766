namespace EdgeMesh.Sidecar.BuildingBlocks.Metadata;

/// <summary>The answer of the metadata API, with daprd's names. What is null is left out.</summary>
internal sealed record SidecarDescription(
    string Id,
    string RuntimeVersion,
    string[]? EnabledFeatures,
    ComponentDescription[] Components,
    Dictionary<string, string> Extended,
    SubscriptionDescription[] Subscriptions,
    NamedDescription[]? HttpEndpoints,
    AppConnection AppConnectionProperties,
    NamedDescription[]? Resiliencies)
{
    /// <summary>The actor types that the app hosts.</summary>
    public ActiveActors[]? Actors { get; init; }

    /// <summary>Placement is the process's own, and so always there.</summary>
    public ActorRuntimeDescription ActorRuntime => new("RUNNING", Actors, true, "placement: connected");
}

/// <param name="Type">The type.</param>
/// <param name="Count">Null: none.</param>
internal sealed record ActiveActors(string Type, int? Count);

internal sealed record ActorRuntimeDescription(string RuntimeStatus, ActiveActors[]? ActiveActors, bool HostReady, string Placement);

internal sealed record ComponentDescription(string Name, string Type, string Version, string[]? Capabilities);

internal sealed record SubscriptionDescription(
    string Pubsubname, string Topic, IReadOnlyDictionary<string, string>? Metadata, RuleDescription[] Rules, string DeadLetterTopic, string Type);

/// <param name="Match">Null: the default route.</param>
/// <param name="Path">The app's route.</param>
internal sealed record RuleDescription(string? Match, string Path);

internal sealed record NamedDescription(string Name);

internal sealed record AppConnection(int? Port, string Protocol, string ChannelAddress, int? MaxConcurrency, HealthDescription? Health);

internal sealed record HealthDescription(string? HealthCheckPath, string HealthProbeInterval, string HealthProbeTimeout, int HealthThreshold);
