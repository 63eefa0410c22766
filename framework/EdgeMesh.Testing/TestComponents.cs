namespace EdgeMesh.Testing;

/// <summary>Dapr resources for tests.</summary>
public static class TestComponents
{
    /// <summary>Every component that the design names, in memory; secrets from the host's own file.</summary>
    public const string InMemory = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: heads
        spec:
          type: state.in-memory
          version: v1
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: bodies
        spec:
          type: state.in-memory
          version: v1
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: actors
        spec:
          type: state.in-memory
          version: v1
          metadata:
            - name: actorStateStore
              value: "true"
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: events
        spec:
          type: pubsub.in-memory
          version: v1
          metadata:
            - name: consumerID
              value: "{namespace}"
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: wan
        spec:
          type: pubsub.in-memory
          version: v1
          metadata:
            - name: consumerID
              value: "{namespace}"
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: secrets
        spec:
          type: secretstores.local.file
          version: v1
          metadata:
            - name: secretsFile
              value: secrets.json
        """;
}
