namespace EdgeMesh.LoadTests.Engines;

/// <summary>How <c>edgemesh sidecar</c> runs here: compiled to native code where the launcher could do that, else managed.</summary>
internal static class EmbeddedProgram
{
    /// <summary>Set by the launcher.</summary>
    private const string Variable = "EDGEMESH_SIDECAR_PROGRAM";

    private static string? Native { get; } = (string?)Environment.GetEnvironmentVariables()[Variable] is { Length: > 0 } program && File.Exists(program) ? program : null;

    public static string Kind => Native is null ? "managed" : "native";

    /// <summary>The program, and what goes before the sidecar's flags.</summary>
    public static (string Program, string[] First) Command =>
        Native is { } native ? (native, []) : ("dotnet", [Path.Combine(AppContext.BaseDirectory, "edgemesh.dll"), "sidecar"]);
}
