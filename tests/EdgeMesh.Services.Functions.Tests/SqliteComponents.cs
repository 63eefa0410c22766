namespace EdgeMesh.Services.Functions.Tests;

/// <summary>The components of a site that keeps what it is given.</summary>
internal static class SqliteComponents
{
    public static string Text { get; } = EdgeMesh.Testing.TestComponents.InMemory
        .Replace("name: heads\nspec:\n  type: state.in-memory\n  version: v1", State("heads"), StringComparison.Ordinal)
        .Replace("name: bodies\nspec:\n  type: state.in-memory\n  version: v1", State("bodies"), StringComparison.Ordinal)
        .Replace("name: actors\nspec:\n  type: state.in-memory\n  version: v1\n  metadata:", State("actors"), StringComparison.Ordinal);

    private static string State(string name) =>
        $"name: {name}\nspec:\n  type: state.sqlite\n  version: v1\n  metadata:\n    - name: connectionString\n      value: {name}.db";
}

/// <summary>Pieces of modules as text.</summary>
internal static class FunctionsSiteText
{
    /// <summary>Writes so many bytes from address 64 to stdout.</summary>
    public static string Write(string text) =>
        $"(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const {text.Length})) (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))";
}
