namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>The resources that both engines load.</summary>
internal static class Resources
{
    public static readonly IReadOnlyList<object> AlphaSubscriptions =
    [
        new { pubsubname = "pubsub", topic = "plain", route = "/deliver/plain" },
        new { pubsubname = "pubsub", topic = "raw", route = "/deliver/raw", metadata = new { rawPayload = "true" } },
        new { pubsubname = "pubsub", topic = "dropped", route = "/deliver/dropped", deadLetterTopic = "dead" },
        new { pubsubname = "pubsub", topic = "dead", route = "/deliver/dead" },
        new
        {
            pubsubname = "pubsub",
            topic = "routed",
            routes = new
            {
                rules = new[]
                {
                    new { match = "event.type == \"order.v2\"", path = "/deliver/routed-v2" },
                    new { match = "event.data.kind == \"big\"", path = "/deliver/routed-big" },
                },
                @default = "/deliver/routed-default",
            },
        },
        new { pubsubname = "pubsub", topic = "envelopes", route = "/deliver/envelopes" },
        .. new[] { "d-drop", "d-retry", "d-unknown", "d-404", "d-500", "d-success", "d-lower" }.SelectMany(WithDeadLetters),
        .. new[] { "d-again", "d-bulk", "d-bulk-grpc" }.Select(topic => new { pubsubname = "pubsub", topic, route = $"/deliver/{topic}" }),
        new
        {
            pubsubname = "pubsub",
            topic = "d-cel",
            deadLetterTopic = "d-cel-dead",
            routes = new { rules = new[] { new { match = "event.data.missing == 1", path = "/deliver/d-cel-rule" } }, @default = "/deliver/d-cel" },
        },
        new { pubsubname = "pubsub", topic = "d-noevent", route = "/deliver/d-noevent", deadLetterTopic = "d-noevent-dead" },
        new { pubsubname = "pubsub", topic = "d-noevent-dead", route = "/deliver/d-noevent-dead", metadata = new { rawPayload = "true" } },
        new { pubsubname = "pubsub", topic = "d-cel-dead", route = "/deliver/d-cel-dead" },
        new { pubsubname = "pubsub", topic = "d-default", route = "/deliver/d-default-outer", routes = new { @default = "/deliver/d-default-inner" } },
        new { pubsubname = "pubsub", topic = "d-twice", route = "/deliver/d-twice-earlier" },
        new { pubsubname = "pubsub", topic = "d-twice", route = "/deliver/d-twice-later" },
    ];

    private static IEnumerable<object> WithDeadLetters(string topic) =>
    [
        new { pubsubname = "pubsub", topic, route = $"/deliver/{topic}", deadLetterTopic = $"{topic}-dead" },
        new { pubsubname = "pubsub", topic = $"{topic}-dead", route = $"/deliver/{topic}-dead" },
    ];

    public static void Write(EngineSetup setup)
    {
        Directory.CreateDirectory(setup.Resources);
        File.WriteAllText(Path.Combine(setup.Folder, "secrets.json"), """{"greeting":"hello","nested":{"inner":"deep"}}""");
        Component(setup, "memory", "state.in-memory", "");
        Component(setup, "sqlite", "state.sqlite", $"""
              - name: connectionString
                value: "{Path.Combine(setup.Folder, "state.db")}"
            """);
        Component(setup, "files", "secretstores.local.file", $"""
              - name: secretsFile
                value: "{Path.Combine(setup.Folder, "secrets.json")}"
            """);
        Component(setup, "environment", "secretstores.local.env", "");
        Component(setup, "actors", "state.sqlite", $"""
              - name: connectionString
                value: "{Path.Combine(setup.Folder, "actors.db")}"
              - name: actorStateStore
                value: "true"
            """);
        Component(setup, "pubsub", "pubsub.in-memory", "");
        Component(setup, "betas", "state.in-memory", "", "scopes: [beta]");
        File.WriteAllText(Path.Combine(setup.Resources, "subscription.yaml"), """
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata:
              name: declared
            spec:
              pubsubname: pubsub
              topic: declared
              routes:
                default: /deliver/declared
            scopes: [alpha]
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata:
              name: declared-earlier
            spec:
              pubsubname: pubsub
              topic: declared-earlier
              route: /deliver/declared-earlier
            scopes: [alpha]
            """);
    }

    /// <summary>A component by its fields; it replaces one of that name.</summary>
    public static void Component(EngineSetup setup, string name, string type, string version, IEnumerable<(string Name, string Value)> fields) =>
        Component(setup, name, type, string.Concat(fields.Select(f => $"      - name: {f.Name}\n        value: \"{f.Value}\"\n")).TrimEnd(), version: version);

    private static void Component(EngineSetup setup, string name, string type, string metadata, string tail = "", string version = "v1") =>
        File.WriteAllText(Path.Combine(setup.Resources, name + ".yaml"), $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: {name}
            spec:
              type: {type}
              version: {version}
              metadata:{(metadata.Length == 0 ? " []" : "\n" + metadata)}
            {tail}
            """);
}
