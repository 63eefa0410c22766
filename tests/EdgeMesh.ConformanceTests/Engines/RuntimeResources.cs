namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>The resources of <see cref="RuntimeFixture"/>.</summary>
internal static class RuntimeResources
{
    public const string Configuration = """
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata: { name: runtime }
        spec:
          api:
            denied:
            - { name: metadata, version: v1.0, protocol: http }
            - { name: state, version: v1, protocol: grpc }
            - { name: configuration, version: v1.0, protocol: grpc }
            - { name: lock, version: v1alpha1, protocol: http }
            - { name: unlock, version: v1.0-alpha1, protocol: http }
          secrets:
            scopes:
            - { storeName: files, defaultAccess: deny, allowedSecrets: [greeting] }
            - { storeName: environment, deniedSecrets: [CONFORMANCE_SECRET] }
          tracing: { samplingRate: "1" }
          features:
          - { name: SomethingNew, enabled: true }

        """;

    public static void Write(EngineSetup setup)
    {
        Resources.Write(setup);
        File.WriteAllText(Path.Combine(setup.Resources, "runtime.yaml"), $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: { name: policies }
            spec:
              policies:
                timeouts: { short: 2s }
                retries:
                  twice: { policy: constant, duration: 10ms, maxRetries: 2 }
                  some: { policy: constant, duration: 10ms, maxRetries: 2, matching: { httpStatusCodes: "429,501-503" } }
                circuitBreakers:
                  trips: { maxRequests: 1, timeout: 60s, trip: consecutiveFailures >= 2 }
              targets:
                apps:
                  beta: { timeout: short, retry: twice }
                  picky: { retry: some }
                  fragile: { circuitBreaker: trips }
                  alpha: { circuitBreaker: trips }
                components:
                  pubsub: { inbound: { retry: twice } }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: { name: outside }
            spec:
              baseUrl: {{setup.Apps[1].Url.GetLeftPart(UriPartial.Authority)}}/echo/base
              headers:
              - { name: x-custom, value: from-the-resource }
            ---
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: { name: picky }
            spec:
              baseUrl: {{setup.Apps[1].Url.GetLeftPart(UriPartial.Authority)}}/deliver
            ---
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: { name: fragile }
            spec:
              baseUrl: {{setup.Apps[1].Url.GetLeftPart(UriPartial.Authority)}}
            """);
    }
}
