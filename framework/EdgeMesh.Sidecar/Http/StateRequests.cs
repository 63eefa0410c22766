using System.Text.Json;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Reads the JSON bodies of state requests. Values stay slices of the body: they are stored as they came.</summary>
internal static class StateRequests
{
    private const string Item = "SetRequest";

    /// <param name="root">The body.</param>
    /// <param name="body">Its bytes.</param>
    /// <param name="defaultTtl">The query's <c>metadata.ttlInSeconds</c>.</param>
    public static List<StateWrite> Writes(JsonElement root, ReadOnlyMemory<byte> body, string? defaultTtl)
    {
        var writes = new List<StateWrite>();
        foreach (var item in Listed(root, "value of type []state.SetRequest"))
        {
            var write = Write(item, body, defaultTtl);
            writes.Add(write.Key.Length > 0 ? write : throw DaprFault.Malformed("\"key\" is a required field"));
        }

        return writes;
    }

    public static List<StateWrite> Operations(JsonElement root, ReadOnlyMemory<byte> body, string? defaultTtl)
    {
        var writes = new List<StateWrite>();
        foreach (var operation in Listed(GoJson.Find(root, "operations"), "struct field .operations of type []http.stateTransactionRequestBodyOperation"))
        {
            var kind = Text(operation, "operation", "operation");
            var write = GoJson.Find(operation, "request") is { } request ? Write(request, body, defaultTtl) : new StateWrite("", "null"u8.ToArray()) { Json = true };
            writes.Add(kind switch
            {
                "upsert" => write,
                "delete" => write with { Value = null },
                _ => throw new DaprFault("ERR_NOT_SUPPORTED_STATE_OPERATION", $"operation type {kind} not supported", 400, StatusCode.Unimplemented),
            });
        }

        return writes;
    }

    public static string[] Keys(JsonElement root) =>
        GoJson.Find(root, "parallelism") is { ValueKind: not (JsonValueKind.Number or JsonValueKind.Null) } odd ? throw Mistyped(odd, "struct field BulkGetRequest.parallelism of type int")
            : [.. Listed(GoJson.Find(root, "keys"), "struct field BulkGetRequest.keys of type []string").Select(k => k.ValueKind == JsonValueKind.String ? k.GetString()! : throw Mistyped(k, "value of type string"))];

    private static StateWrite Write(JsonElement item, ReadOnlyMemory<byte> body, string? defaultTtl)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw Mistyped(item, "value of type state.SetRequest");
        }

        var options = Map(item, "options", "state.SetStateOption");
        var metadata = Map(item, "metadata", "map[string]string");
        var (ttl, ttlFault) = StateOptions.Ttl((metadata is { } m ? ExactText(m, StateOptions.TtlField) : null) ?? defaultTtl);
        var (firstWrite, concurrencyFault) = StateOptions.Concurrency(options is { } o ? Text(o, "concurrency", "options") : null);
        var consistencyFault = StateOptions.Consistency(options is { } c ? Text(c, "consistency", "options") : null);
        return new StateWrite(Text(item, "key", Item) ?? "", GoJson.Raw(item, "value", body))
        {
            Json = true,
            ETag = Text(item, "etag", Item) is { Length: > 0 } etag ? etag : null,
            FirstWrite = firstWrite,
            TtlSeconds = ttl,
            Metadata = metadata is { } given ? Texts(given) : null,
            Fault = concurrencyFault ?? consistencyFault ?? ttlFault,
        };
    }

    /// <summary>As with Go null, or nothing, is an empty list.</summary>
    private static IEnumerable<JsonElement> Listed(JsonElement? list, string wanted) => list switch
    {
        null or { ValueKind: JsonValueKind.Null } => [],
        { ValueKind: JsonValueKind.Array } items => items.EnumerateArray(),
        { } other => throw Mistyped(other, wanted),
    };

    private static JsonElement? Map(JsonElement parent, string name, string type) => GoJson.Find(parent, name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Object } map => map,
        { } other => throw Mistyped(other, $"struct field {Item}.{name} of type {type}"),
    };

    private static string? Text(JsonElement parent, string name, string owner) =>
        GoJson.Find(parent, name) switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { } other => throw Mistyped(other, $"struct field {owner}.{name} of type string"),
        };

    private static Dictionary<string, string>? Texts(JsonElement map)
    {
        Dictionary<string, string>? texts = null;
        foreach (var property in map.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null)
            {
                (texts ??= new Dictionary<string, string>(StringComparer.Ordinal))[property.Name] =
                    property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : throw Mistyped(property.Value, $"struct field {Item}.metadata of type string");
            }
        }

        return texts;
    }

    /// <summary>Metadata is a map: its keys are taken as they are written.</summary>
    private static string? ExactText(JsonElement map, string name) =>
        map.ValueKind == JsonValueKind.Object && map.TryGetProperty(name, out var value)
            ? value.ValueKind == JsonValueKind.String ? value.GetString() : throw Mistyped(value, $"struct field {Item}.metadata of type string")
            : null;

    private static DaprFault Mistyped(JsonElement found, string wanted) =>
        DaprFault.Malformed($"json: cannot unmarshal {found.ValueKind.ToString().ToLowerInvariant()} into Go {wanted}");
}
