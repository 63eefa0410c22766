using System.Text.Json;

namespace EdgeMesh.Services.Records.Http;

/// <summary>Reads a Parameters resource whose parameters are simple values, as clients POST it to an operation.</summary>
internal static class OperationParameters
{
    /// <summary>False: it is something else.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, out IReadOnlyList<KeyValuePair<string, string>> parameters)
    {
        parameters = [];
        if (body.IsEmpty)
        {
            return true;
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            if (!json.RootElement.TryGetProperty("resourceType"u8, out var type) || !type.ValueEquals("Parameters"u8))
            {
                return false;
            }

            parameters = json.RootElement.TryGetProperty("parameter"u8, out var list) ? [.. list.EnumerateArray().Select(Read)] : [];
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return false;
        }
    }

    private static KeyValuePair<string, string> Read(JsonElement parameter)
    {
        var value = parameter.EnumerateObject().FirstOrDefault(p => p.Name.StartsWith("value", StringComparison.Ordinal)).Value;
        return new(parameter.GetProperty("name"u8).GetString() ?? "", value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());
    }
}
