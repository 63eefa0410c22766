using EdgeMesh.Testing;

namespace EdgeMesh.Services.Monitor.Tests;

/// <summary>The components of tests, with state that outlives the process.</summary>
internal static class SqliteComponents
{
    public static string Yaml { get; } = TestComponents.InMemory
        .Replace("name: heads\nspec:\n  type: state.in-memory\n  version: v1", "name: heads\nspec:\n  type: state.sqlite\n  version: v1\n  metadata:\n    - name: connectionString\n      value: heads.db", StringComparison.Ordinal)
        .Replace("name: actors\nspec:\n  type: state.in-memory\n  version: v1\n  metadata:\n", "name: actors\nspec:\n  type: state.sqlite\n  version: v1\n  metadata:\n    - name: connectionString\n      value: actors.db\n", StringComparison.Ordinal);
}
