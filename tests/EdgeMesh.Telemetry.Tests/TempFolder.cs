namespace EdgeMesh.Telemetry.Tests;

/// <summary>A folder for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("edgemesh-telemetry-").FullName;

    public string[] Segments => [.. Directory.EnumerateFiles(Path, "*.log").Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
