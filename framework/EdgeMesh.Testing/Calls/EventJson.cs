using System.Text.Json;

namespace EdgeMesh.Testing;

/// <summary>Reads a field of a CloudEvent.</summary>
internal static class EventJson
{
    /// <summary>Empty when the data is no JSON object, or has no such text.</summary>
    public static string Text(ReadOnlyMemory<byte> data, string name)
    {
        try
        {
            using var json = JsonDocument.Parse(data);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
