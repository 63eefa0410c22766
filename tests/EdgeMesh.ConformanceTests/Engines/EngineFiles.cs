namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>Finds the real engines: in <c>EDGEMESH_ENGINES</c>, else on PATH. A missing one is a failure, never a skip.</summary>
internal static class EngineFiles
{
    public static string Find(string relative)
    {
        var roots = Environment.GetEnvironmentVariable("EDGEMESH_ENGINES") is { Length: > 0 } folder ? [folder] : Array.Empty<string>();
        var candidates = roots.Select(r => Path.Combine(r, relative))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(p => Path.Combine(p, Path.GetFileName(relative))));
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException($"'{relative}' is missing: set EDGEMESH_ENGINES to the folder that holds it, or put it on PATH.");
    }
}
