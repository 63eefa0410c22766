namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>What both engines of a <see cref="BlocksFixture"/> load.</summary>
internal static class BlockResources
{
    private const string Broker = "broker";

    public static readonly IReadOnlyList<object> Subscriptions =
    [
        Bulk("bulk", 10, null),
        Bulk("bulk-statuses", 10, "bulk-statuses-dead"),
        new { pubsubname = Broker, topic = "bulk-statuses-dead", route = "/deliver/bulk-statuses-dead" },
        Bulk("bulk-404", 2, "bulk-404-dead"),
        new { pubsubname = Broker, topic = "bulk-404-dead", route = "/deliver/bulk-404-dead" },
        Bulk("bulk-empty", 1, "bulk-empty-dead"),
        new { pubsubname = Broker, topic = "bulk-empty-dead", route = "/deliver/bulk-empty-dead" },
        Bulk("bulk-again", 1, null),
        new
        {
            pubsubname = Broker, topic = "bulk-raw", route = "/deliver/bulk-raw", metadata = new { rawPayload = "true" },
            bulkSubscribe = new { enabled = true, maxMessagesCount = 5, maxAwaitDurationMs = 300 },
        },
        new
        {
            pubsubname = Broker, topic = "bulk-routed", bulkSubscribe = new { enabled = true, maxMessagesCount = 10, maxAwaitDurationMs = 300 },
            routes = new { rules = new[] { new { match = "event.type == \"special\"", path = "/deliver/bulk-special" } }, @default = "/deliver/bulk-plain" },
        },
        new { pubsubname = Broker, topic = "outbox-events", route = "/deliver/outbox-events" },
    ];

    private static object Bulk(string topic, int messages, string? deadLetters) => deadLetters is null
        ? new { pubsubname = Broker, topic, route = $"/deliver/{topic}", bulkSubscribe = new { enabled = true, maxMessagesCount = messages, maxAwaitDurationMs = 300 } }
        : new { pubsubname = Broker, topic, route = $"/deliver/{topic}", deadLetterTopic = deadLetters, bulkSubscribe = new { enabled = true, maxMessagesCount = messages, maxAwaitDurationMs = 300 } };

    public static void Write(EngineSetup setup, string keys, string files, Uri app, IEnumerable<(string Name, string Type, (string Name, string Value)[] Metadata)> own)
    {
        Directory.CreateDirectory(setup.Resources);
        (string, string, (string, string)[])[] shared =
        [
            ("pubsub", "pubsub.in-memory", []),
            ("memory", "state.in-memory", []),
            // An app that hosts actors comes up on daprd only with a store for them.
            ("actors", "state.sqlite", [("connectionString", Path.Combine(setup.Folder, "actors.db")), ("actorStateStore", "true")]),
            ("crypto", "crypto.dapr.localstorage", [("path", keys)]),
            ("files", "bindings.localstorage", [("rootPath", files)]),
            ("web", "bindings.http", [("url", new Uri(app, "/echo").ToString())]),
            ("web-status", "bindings.http", [("url", new Uri(app, "/status").ToString())]),
            ("web-lenient", "bindings.http", [("url", new Uri(app, "/status").ToString()), ("errorIfNot2XX", "false")]),
            ("web-small", "bindings.http", [("url", new Uri(app, "/echo").ToString()), ("maxResponseBodySize", "4")]),
            ("every-second", "bindings.cron", [("schedule", "@every 1s"), ("route", "/bindings/every-second")]),
            ("seconds", "bindings.cron", [("schedule", "* * * * * *"), ("route", "/bindings/seconds")]),
            ("unwanted", "bindings.cron", [("schedule", "@every 1s"), ("route", "/bindings/unwanted")]),
            // daprd subscribes an outbox as it loads the store, so the broker's name must come before.
            ("store-outbox", "state.sqlite", [("connectionString", Path.Combine(setup.Folder, "outbox.db")), ("outboxPublishPubsub", Broker), ("outboxPublishTopic", "outbox-events"), ("outboxDiscardWhenMissingState", "true")]),
        ];
        foreach (var (name, type, metadata) in shared.Concat(own))
        {
            var fields = string.Concat(metadata.Select(m => $"\n    - name: {m.Item1}\n      value: \"{m.Item2}\""));
            File.WriteAllText(Path.Combine(setup.Resources, name + ".yaml"), $"""
                apiVersion: dapr.io/v1alpha1
                kind: Component
                metadata:
                  name: {name}
                spec:
                  type: {type}
                  version: v1
                  metadata:{(fields.Length == 0 ? " []" : fields)}
                """);
        }

        File.WriteAllText(Path.Combine(setup.Resources, "bulk-declared.yaml"), $"""
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata:
              name: bulk-declared
            spec:
              pubsubname: {Broker}
              topic: bulk-declared
              routes:
                default: /deliver/bulk-declared
              bulkSubscribe:
                enabled: true
                maxMessagesCount: 3
                maxAwaitDurationMs: 300
            """);
    }
}
