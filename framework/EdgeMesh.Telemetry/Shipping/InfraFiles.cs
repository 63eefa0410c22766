using System.Text.Json;

namespace EdgeMesh.Telemetry;

/// <summary>The templates and policies of <c>infra/</c>, as they were when this library was built: an operator installs the same.</summary>
internal static class InfraFiles
{
    /// <summary>Its version stands for its parts too: a change of any raises it, else no server takes the change.</summary>
    public const string IndexTemplate = "elasticsearch/index-templates/edgemesh-logs.json";

    public static byte[] Read(string file)
    {
        using var stream = typeof(InfraFiles).Assembly.GetManifestResourceStream($"infra/{file}")
            ?? throw new InvalidOperationException($"infra/{file} is not part of this build.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    public static long Version(string file)
    {
        using var json = JsonDocument.Parse(Read(file));
        return json.RootElement.GetProperty("version").GetInt64();
    }
}
