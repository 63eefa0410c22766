namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>The repository's folder <c>infra</c>.</summary>
internal static class InfraFolder
{
    public static string Path { get; } = Find(AppContext.BaseDirectory);

    public static string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    private static string Find(string from) =>
        System.IO.File.Exists(System.IO.Path.Combine(from, "EdgeMesh.sln")) ? System.IO.Path.Combine(from, "infra") : Find(Directory.GetParent(from)!.FullName);
}
