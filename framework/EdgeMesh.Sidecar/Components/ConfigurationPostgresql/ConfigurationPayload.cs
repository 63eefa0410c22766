using System.Text.Json;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;

namespace EdgeMesh.Sidecar.Components.ConfigurationPostgresql;

/// <summary>What a trigger tells: <c>{"table": …, "action": …, "data": {the row}}</c>. As with daprd a row that was deleted is told as it was.</summary>
internal static class ConfigurationPayload
{
    /// <returns>Null: it is no such thing.</returns>
    public static (string Key, ConfigurationValue Value)? Read(string payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload);
            if (Member(document.RootElement, "data") is not { ValueKind: JsonValueKind.Object } row || Text(row, "key") is not { Length: > 0 } key)
            {
                return null;
            }

            return (key, new ConfigurationValue(Text(row, "value") ?? "", Text(row, "version") ?? "", Metadata(Member(row, "metadata"))));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A JSON object; anything else says nothing.</summary>
    public static IReadOnlyDictionary<string, string> Metadata(string? json)
    {
        if (json is null)
        {
            return ConfigurationValue.NoMetadata;
        }

        using var document = JsonDocument.Parse(json);
        return Metadata(document.RootElement);
    }

    private static IReadOnlyDictionary<string, string> Metadata(JsonElement? element) => element is { ValueKind: JsonValueKind.Object } metadata
        ? metadata.EnumerateObject().GroupBy(p => p.Name, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Value.ToString(), StringComparer.Ordinal)
        : ConfigurationValue.NoMetadata;

    private static JsonElement? Member(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    private static string? Text(JsonElement element, string name) => Member(element, name) is { } value ? value.ToString() : null;
}
