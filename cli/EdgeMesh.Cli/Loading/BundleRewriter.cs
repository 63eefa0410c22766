using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeMesh.Cli.Loading;

/// <summary>Makes a transaction safe to load beside others: what several bundles repeat (practitioners, organisations, locations)
/// becomes a conditional create, so that it exists once.</summary>
internal static class BundleRewriter
{
    private static readonly string[] Repeated = ["Practitioner", "Organization", "Location"];

    /// <summary>The bundle, or why the text is none.</summary>
    public static (JsonObject? Bundle, string? Fault) Read(ReadOnlySpan<byte> json)
    {
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(json);
        }
        catch (JsonException e)
        {
            return (null, $"is not JSON (line {e.LineNumber + 1}: {e.Message.Split(". ")[0]})");
        }

        if (node is not JsonObject bundle || TextOf(bundle, "resourceType") is not { } type)
        {
            return (null, "is not a FHIR resource: it has no resourceType");
        }

        if (type != "Bundle" || TextOf(bundle, "type") is not ("transaction" or "batch"))
        {
            return (null, $"is a {type}{(type == "Bundle" ? $" of type '{TextOf(bundle, "type")}'" : "")}, not a transaction or batch Bundle");
        }

        if (bundle["entry"] is not JsonArray { Count: > 0 } entries || entries.Any(e => e?["resource"] is not JsonObject || e["request"] is not JsonObject))
        {
            return (null, "has no entries, or one without resource and request");
        }

        foreach (var entry in entries.OfType<JsonObject>())
        {
            Rewrite(entry);
        }

        return (bundle, null);
    }

    private static void Rewrite(JsonObject entry)
    {
        var (resource, request) = ((JsonObject)entry["resource"]!, (JsonObject)entry["request"]!);
        if (TextOf(request, "method") != "POST" || request.ContainsKey("ifNoneExist") || !Repeated.Contains(TextOf(resource, "resourceType")))
        {
            return;
        }

        if (resource["identifier"] is JsonArray identifiers && identifiers.OfType<JsonObject>().FirstOrDefault(i => TextOf(i, "value") is not null) is { } identifier)
        {
            request["ifNoneExist"] = $"identifier={Uri.EscapeDataString(TextOf(identifier, "system") ?? "")}|{Uri.EscapeDataString(TextOf(identifier, "value")!)}";
        }
    }

    private static string? TextOf(JsonObject node, string key) =>
        node[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
