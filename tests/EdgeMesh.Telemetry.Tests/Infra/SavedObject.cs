using System.Text.Json;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>One line of <c>infra/kibana/edgemesh.ndjson</c>.</summary>
internal sealed record SavedObject(string Type, string Id, JsonElement Root)
{
    public JsonElement Attributes => Root.GetProperty("attributes");

    public string Title => Attributes.GetProperty("title").GetString()!;

    /// <summary>What it refers to, by the name under which it does.</summary>
    public Dictionary<string, (string Type, string Id)> References => Root.GetProperty("references").EnumerateArray()
        .ToDictionary(r => r.GetProperty("name").GetString()!, r => (r.GetProperty("type").GetString()!, r.GetProperty("id").GetString()!));

    public static IReadOnlyList<SavedObject> All { get; } =
    [
        .. File.ReadLines(Path.Combine(InfraFolder.Path, "kibana", "edgemesh.ndjson")).Select(line => JsonDocument.Parse(line).RootElement)
            .Select(root => new SavedObject(root.GetProperty("type").GetString()!, root.GetProperty("id").GetString()!, root)),
    ];

    /// <summary>JSON inside a string, as Kibana keeps it.</summary>
    public JsonElement Inner(params string[] path) =>
        JsonDocument.Parse(path.Aggregate(Attributes, (element, name) => element.GetProperty(name)).GetString()!).RootElement;

    /// <summary>The query that it runs, in Lucene's language; null: it has none of its own.</summary>
    public string? Query
    {
        get
        {
            var query = Type switch
            {
                "search" => Inner("kibanaSavedObjectMeta", "searchSourceJSON").GetProperty("query"),
                "lens" => Attributes.GetProperty("state").GetProperty("query"),
                _ => default,
            };
            return query.ValueKind == JsonValueKind.Undefined ? null : query.GetProperty("query").GetString();
        }
    }
}
