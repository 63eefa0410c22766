namespace EdgeMesh.Sidecar.Tests;

/// <summary>Component resources as text.</summary>
internal static class Yaml
{
    public static string StandardStores =>
        Component(TestSidecar.Memory, "state.in-memory") + Component(TestSidecar.Sqlite, "state.sqlite", ("connectionString", "state.db"));

    public static string Component(string name, string type, params (string Name, string Value)[] metadata) => Scoped(name, type, [], metadata);

    public static string Scoped(string name, string type, string[] scopes, params (string Name, string Value)[] metadata) =>
        $"""
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: v1
          metadata: [{string.Join(", ", metadata.Select(m => $"{{ name: \"{m.Name}\", value: \"{m.Value}\" }}"))}]
        scopes: [{string.Join(", ", scopes)}]

        """;
}
