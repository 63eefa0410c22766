using System.Text.Json;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Reads what an app answered to <c>GET /dapr/subscribe</c>. What can't be served is refused by name; the rest stands.</summary>
internal static class SubscriptionReader
{
    /// <summary>More than any app has topics.</summary>
    private const int Limit = 1000;

    public static IReadOnlyList<Subscription> Read(JsonElement answer, List<string> faults)
    {
        if (answer.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return [];
        }

        if (answer.ValueKind != JsonValueKind.Array)
        {
            faults.Add($"GET /dapr/subscribe must answer a list of subscriptions, and answered a JSON {answer.ValueKind}.");
            return [];
        }

        if (answer.GetArrayLength() > Limit)
        {
            faults.Add($"GET /dapr/subscribe answered {answer.GetArrayLength()} subscriptions; {Limit} are served.");
        }

        return [.. answer.EnumerateArray().Take(Limit).Select(item => ReadOne(item, faults)).OfType<Subscription>()];
    }

    private static Subscription? ReadOne(JsonElement item, List<string> faults)
    {
        if (Text(item, "pubsubname") is not { } pubsub || Text(item, "topic") is not { } topic)
        {
            faults.Add($"GET /dapr/subscribe: a subscription names no pubsubname or no topic: {item.GetRawText()}");
            return null;
        }

        var source = $"GET /dapr/subscribe, topic {topic} of {pubsub}";
        var routes = Property(item, "routes");
        var rules = ReadRules(routes, source, faults);
        return new Subscription(pubsub, topic, [.. rules.OfType<RoutingRule>()], (routes is { } r ? Text(r, "default") : null) ?? Text(item, "route"))
        {
            DeadLetterTopic = Text(item, "deadLetterTopic"),
            Bulk = Property(item, "bulkSubscribe") is { ValueKind: JsonValueKind.Object } bulk && Property(bulk, "enabled") is { ValueKind: JsonValueKind.True }
                ? BulkOptions.Of(Number(bulk, "maxMessagesCount"), Number(bulk, "maxAwaitDurationMs"))
                : null,
            Metadata = Property(item, "metadata") is { ValueKind: JsonValueKind.Object } metadata
                ? metadata.EnumerateObject().GroupBy(p => p.Name).ToDictionary(p => p.Key, p => p.Last().Value.ToString())
                : new Dictionary<string, string>(),
        }.Checked(rules.Contains(null), source, faults);
    }

    private static RoutingRule?[] ReadRules(JsonElement? routes, string source, List<string> faults) =>
        routes is { } r && Property(r, "rules") is { ValueKind: JsonValueKind.Array } rules
            ? [.. rules.EnumerateArray().Select(rule => RoutingRule.Parse(Text(rule, "match") ?? "", Text(rule, "path") ?? "", source, faults))]
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

    private static long? Number(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : null;

    private static string? Text(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text ? text : null;
}
