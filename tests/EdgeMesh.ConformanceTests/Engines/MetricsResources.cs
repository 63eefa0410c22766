namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>The resources of <see cref="MetricsFixture"/>.</summary>
internal static class MetricsResources
{
    /// <summary>As few series as daprd lets one have.</summary>
    public const string Coarse =
        "{ latencyDistributionBuckets: [5, 50, 500], recordErrorCodes: true, " +
        "rules: [{ name: component_state_count, labels: [{ name: operation, regex: { reading: \"^get$\" } }, { name: component, regex: { M: \"m.m\" } }, { name: nosuch, regex: { other: any } }] }, " +
        "{ name: dapr_component_state_latencies, labels: [{ name: success, regex: { any: \".+\" } }] }], http: { increasedCardinality: false, excludeVerbs: true, pathMatching: [\"/v1.0/invoke/{id}/method/echo/{what}\"] } }";

    public static readonly IReadOnlyList<object> Subscriptions =
    [
        Plain("m-ok"), Plain("m-drop"), Plain("m-again"),
        new { pubsubname = "pubsub", topic = "m-bulk", route = "/deliver/m-bulk", bulkSubscribe = new { enabled = true, maxMessagesCount = 10, maxAwaitDurationMs = 100 } },
    ];

    private static object Plain(string topic) => new { pubsubname = "pubsub", topic, route = $"/deliver/{topic}" };

    public static void Write(EngineSetup setup, IEnumerable<(string Name, string Type, (string Name, string Value)[] Fields)> own)
    {
        Resources.Write(setup);
        File.Delete(Path.Combine(setup.Resources, "subscription.yaml"));
        (string, string, (string, string)[])[] more =
        [
            ("crypto", "crypto.dapr.localstorage", [("path", Path.Combine(setup.Folder, "keys"))]),
            ("web", "bindings.http", [("url", new Uri(setup.Apps[1].Url, "/status/200").ToString())]),
            ("every-second", "bindings.cron", [("schedule", "@every 1s"), ("route", "/bindings/every-second")]),
            .. own,
        ];
        foreach (var (name, type, fields) in more)
        {
            Resources.Component(setup, name, type, "v1", fields);
        }

        File.WriteAllText(Path.Combine(setup.Resources, "policies.yaml"), $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: policies }
            spec:
              policies:
                timeouts: { short: 200ms }
                retries:
                  twice: { policy: constant, duration: 10ms, maxRetries: 2 }
                circuitBreakers:
                  trips: { maxRequests: 1, timeout: 60s, trip: consecutiveFailures >= 3 }
              targets:
                apps:
                  beta: { retry: twice, circuitBreaker: trips }
                  outside: { timeout: short }
                actors:
                  plain: { retry: twice }
                components:
                  memory: { outbound: { retry: twice, timeout: short, circuitBreaker: trips } }
                  pubsub: { inbound: { retry: twice } }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: { name: outside }
            spec:
              baseUrl: {{setup.Apps[1].Url.GetLeftPart(UriPartial.Authority)}}
            """);
    }
}
