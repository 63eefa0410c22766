using System.Runtime.CompilerServices;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.State;

/// <summary>A store's transactions also publish what they write: Dapr's <c>outbox…</c> fields of a state component.</summary>
/// <param name="Store">The state component.</param>
/// <param name="PubSub">Where events go.</param>
/// <param name="Topic">Which topic there.</param>
/// <param name="InternalPubSub">Where they wait for their transaction.</param>
/// <param name="DiscardsWhenMissing">An event whose transaction did not come about is dropped, and not looked at again.</param>
internal sealed record OutboxOptions(string Store, string PubSub, string Topic, string InternalPubSub, bool DiscardsWhenMissing)
{
    public static readonly string[] Fields = ["outboxPublishPubsub", "outboxPublishTopic", "outboxPubsub", "outboxDiscardWhenMissingState"];

    /// <summary>Read once for each app's view of a component.</summary>
    private static readonly ConditionalWeakTable<ComponentSpec, OutboxOptions?[]> Read = [];

    /// <summary>Null: the store has no outbox.</summary>
    public static OutboxOptions? Of(ComponentSpec spec) => Read.GetValue(spec, s => [From(s)])[0];

    private static OutboxOptions? From(ComponentSpec spec) =>
        spec["outboxPublishPubsub"] is { Length: > 0 } pubsub && spec["outboxPublishTopic"] is { Length: > 0 } topic
            ? new OutboxOptions(
                spec.Name, pubsub, topic, spec["outboxPubsub"] is { Length: > 0 } inner ? inner : pubsub,
                spec["outboxDiscardWhenMissingState"] is "true" or "True" or "TRUE" or "1" or "y" or "yes" or "t" or "on")
            : null;

    /// <summary>The topic of the events that wait. daprd leaves the store out of its name, and so mixes the events of two stores.</summary>
    public string InternalTopic(string site, string appId) => $"{site}{appId}{Topic}outbox{Store}";
}
