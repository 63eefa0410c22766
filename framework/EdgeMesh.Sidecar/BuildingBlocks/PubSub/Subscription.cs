using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>One app's subscription of one topic.</summary>
internal sealed record Subscription(string PubSub, string Topic, IReadOnlyList<RoutingRule> Rules, string? DefaultRoute)
{
    public string? DeadLetterTopic { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Null: messages come one by one.</summary>
    public BulkOptions? Bulk { get; init; }

    /// <summary>PROGRAMMATIC or DECLARATIVE, as the metadata API says it.</summary>
    public string Origin { get; init; } = "PROGRAMMATIC";

    /// <summary>Messages come without an envelope.</summary>
    public bool IsRaw { get; private init; }

    /// <summary>Null: it can't be served; <paramref name="faults"/> says why.</summary>
    public static Subscription? From(SubscriptionResource resource, List<string> faults)
    {
        var rules = resource.Rules.Select(r => RoutingRule.Parse(r.Match, r.Path, resource.Source, faults)).ToArray();
        return new Subscription(resource.PubSub, resource.Topic, [.. rules.OfType<RoutingRule>()], resource.DefaultRoute)
        {
            DeadLetterTopic = resource.DeadLetterTopic,
            Metadata = resource.Metadata,
            Bulk = resource.Bulk,
            Origin = "DECLARATIVE",
        }.Checked(rules.Contains(null), resource.Source, faults);
    }

    /// <summary>All or nothing: with a rule missing, messages would take a wrong route.</summary>
    public Subscription? Checked(bool isIncomplete, string source, List<string> faults)
    {
        if (!RawPayload.TryRead(Metadata, out var isRaw))
        {
            faults.Add($"{source}: metadata '{RawPayload.Field}' must be true or false, and is '{Metadata[RawPayload.Field]}'.");
            return null;
        }

        if (isIncomplete)
        {
            return null;
        }

        if (Rules.Count == 0 && DefaultRoute is null)
        {
            faults.Add($"{source}: topic {Topic} of {PubSub} has no route. Give it a route or a default.");
            return null;
        }

        return this with { IsRaw = isRaw };
    }

    /// <summary>One subscription for each topic: the app's own goes before a declared one, a later before an earlier, as with daprd.</summary>
    public static IReadOnlyList<Subscription> Distinct(IEnumerable<Subscription> declared, IEnumerable<Subscription> own)
    {
        var byTopic = new Dictionary<(string, string), Subscription>();
        foreach (var subscription in declared.Concat(own))
        {
            byTopic[(subscription.PubSub, subscription.Topic)] = subscription;
        }

        return [.. byTopic.Values];
    }
}
