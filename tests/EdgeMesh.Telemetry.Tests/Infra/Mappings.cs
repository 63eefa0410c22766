using System.Text.Json;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>The fields that the template maps.</summary>
internal static class Mappings
{
    public static HashSet<string> Fields
    {
        get
        {
            using var template = JsonDocument.Parse(File.ReadAllText(InfraFolder.File("elasticsearch", "component-templates", "edgemesh-logs-mappings.json")));
            return [.. Walk(template.RootElement.GetProperty("template").GetProperty("mappings").GetProperty("properties"), "")];
        }
    }

    /// <summary>Labels are mapped by a dynamic template.</summary>
    public static bool Has(HashSet<string> fields, string field) => fields.Contains(field) || field.StartsWith("labels.", StringComparison.Ordinal);

    private static IEnumerable<string> Walk(JsonElement properties, string prefix) => properties.EnumerateObject().SelectMany(p =>
        p.Value.TryGetProperty("properties", out var inner) ? Walk(inner, $"{prefix}{p.Name}.") : [prefix + p.Name]);
}
