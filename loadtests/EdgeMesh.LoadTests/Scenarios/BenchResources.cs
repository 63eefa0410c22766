namespace EdgeMesh.LoadTests.Scenarios;

/// <summary>The components that both engines get, each in a folder of its own.</summary>
internal static class BenchResources
{
    /// <param name="folder">Of the run.</param>
    /// <param name="name">Of this engine's folder in it.</param>
    /// <param name="withFiles">Whether there is a store on disk too.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public static async Task<string> WriteAsync(string folder, string name, bool withFiles, CancellationToken cancellation)
    {
        var place = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        var components = Component("store", "state.in-memory", "actorStateStore", "true") + Component("events", "pubsub.in-memory");
        await File.WriteAllTextAsync(Path.Combine(place, "components.yaml"), withFiles ? components + Component("disk", "state.sqlite", "connectionString", "disk.db") : components, cancellation);
        return place;
    }

    private static string Component(string name, string type, params string[] field) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\nspec:\n  type: {type}\n  version: v1\n"
        + (field is [var key, var value] ? $"  metadata: [{{name: {key}, value: \"{value}\"}}]\n" : "") + "---\n";
}
