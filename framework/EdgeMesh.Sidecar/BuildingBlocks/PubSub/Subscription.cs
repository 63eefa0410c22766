using System.Text.Json;
using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>One app's subscription of one topic.</summary>
internal sealed record Subscription(string PubSub, string Topic, IReadOnlyList<RoutingRule> Rules, string? DefaultRoute)
{
    public string? DeadLetterTopic { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>PROGRAMMATIC or DECLARATIVE, as the metadata API says it.</summary>
    public string Origin { get; init; } = "PROGRAMMATIC";

    public bool IsRaw => Metadata.TryGetValue("rawPayload", out var raw) && raw is "true" or "True" or "1";

    /// <summary>Where a message goes; null: nowhere, it is acknowledged and dropped.</summary>
    public string? Route(JsonElement envelope) =>
        Rules.FirstOrDefault(r => r.Matches(envelope))?.Path ?? DefaultRoute;

    /// <summary>Reads what the app answered to <c>GET /dapr/subscribe</c>.</summary>
    public static IReadOnlyList<Subscription> Read(JsonElement answer, List<string> faults)
    {
        var subscriptions = new List<Subscription>();
        foreach (var item in answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray().ToArray() : [])
        {
            if (Text(item, "pubsubname") is not { } pubsub || Text(item, "topic") is not { } topic)
            {
                continue;
            }

            var routes = Property(item, "routes");
            subscriptions.Add(new Subscription(pubsub, topic, ReadRules(routes, topic, faults), Text(item, "route") ?? (routes is { } r ? Text(r, "default") : null))
            {
                DeadLetterTopic = Text(item, "deadLetterTopic"),
                Metadata = Property(item, "metadata") is { ValueKind: JsonValueKind.Object } metadata
                    ? metadata.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ToString())
                    : new Dictionary<string, string>(),
            });
        }

        return subscriptions;
    }

    public static Subscription From(SubscriptionResource resource, List<string> faults) =>
        new(resource.PubSub, resource.Topic, [.. resource.Rules.Select(r => RoutingRule.Parse(r.Match, r.Path, resource.Source, faults)).OfType<RoutingRule>()], resource.DefaultRoute)
        {
            DeadLetterTopic = resource.DeadLetterTopic,
            Metadata = resource.Metadata,
            Origin = "DECLARATIVE",
        };

    private static List<RoutingRule> ReadRules(JsonElement? routes, string topic, List<string> faults) =>
        routes is { } r && Property(r, "rules") is { ValueKind: JsonValueKind.Array } rules
            ? [.. rules.EnumerateArray().Select(rule => RoutingRule.Parse(Text(rule, "match") ?? "", Text(rule, "path") ?? "", $"subscription of {topic}", faults)).OfType<RoutingRule>()]
            : [];

    /// <summary>In any case, as daprd reads it: Dapr.AspNetCore writes <c>pubsubName</c>, others <c>pubsubname</c>.</summary>
    private static JsonElement? Property(JsonElement element, string name)
    {
        foreach (var property in element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : default)
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && property.Value.ValueKind != JsonValueKind.Null)
            {
                return property.Value;
            }
        }

        return null;
    }

    private static string? Text(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text ? text : null;
}

/// <summary>A routing rule: the first whose condition holds takes the message.</summary>
internal sealed record RoutingRule(Func<JsonElement, bool> Matches, string Path)
{
    public static RoutingRule? Parse(string match, string path, string source, List<string> faults)
    {
        if (match.Length == 0)
        {
            return new RoutingRule(_ => true, path);
        }

        if (CelExpression.TryParse(match, out var condition, out var fault))
        {
            return new RoutingRule(condition, path);
        }

        faults.Add($"{source}: the routing rule '{match}' can't be read: {fault}");
        return null;
    }
}
