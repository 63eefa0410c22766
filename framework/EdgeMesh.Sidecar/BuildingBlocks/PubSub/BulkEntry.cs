using System.Text;
using System.Text.Json;
using EdgeMesh.Sidecar.Http;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <param name="Id">The publisher's name for it.</param>
/// <param name="Publication">What it is.</param>
internal sealed record BulkEntry(string Id, Publication Publication);

/// <summary>Reads the entries of a bulk publish by HTTP: the content type says how an event's bytes are written in JSON.</summary>
internal sealed class BulkEntries(PubSubTarget target, IReadOnlyDictionary<string, string> metadata, string? traceParent, string? traceState)
{
    private string PubSub => target.Spec.Name;

    /// <exception cref="DaprFault">The list is no list of entries.</exception>
    public IReadOnlyList<BulkEntry> Read(JsonElement list)
    {
        return list.ValueKind switch
        {
            JsonValueKind.Array => [.. list.EnumerateArray().Select(ReadEntry)],
            JsonValueKind.Null => [],
            _ => throw Unreadable($"a list is expected, not a JSON {list.ValueKind}"),
        };
    }

    public DaprFault Unreadable(string error) => PubSubFaults.BulkUnreadable(PubSub, target.Topic, target.App.AppId, error);

    private BulkEntry ReadEntry(JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            throw Unreadable("an entry is no object");
        }

        var contentType = Text(entry, "contentType");
        var data = GoJson.Find(entry, "event") is { } content ? Bytes(content, contentType) : null;
        return new BulkEntry(Text(entry, "entryId"), new Publication(PubSub, target.Topic, data ?? throw Mismatch(), contentType, Merge(entry))
        {
            TraceParent = traceParent,
            TraceState = traceState,
        });
    }

    private static byte[]? Bytes(JsonElement content, string contentType)
    {
        if (MediaType.IsBinary(contentType))
        {
            return content.ValueKind == JsonValueKind.String && content.TryGetBytesFromBase64(out var bytes) ? bytes : null;
        }

        if (MediaType.IsText(contentType))
        {
            return content.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(content.GetString()!) : null;
        }

        return MediaType.IsJson(contentType) || MediaType.IsCloudEvent(contentType) ? Encoding.UTF8.GetBytes(content.GetRawText()) : null;
    }

    /// <summary>An entry's own metadata before the request's.</summary>
    private Dictionary<string, string> Merge(JsonElement entry)
    {
        var merged = new Dictionary<string, string>(metadata, StringComparer.Ordinal);
        if (GoJson.Find(entry, "metadata") is { ValueKind: JsonValueKind.Object } own)
        {
            foreach (var property in own.EnumerateObject())
            {
                merged[property.Name] = property.Value.ToString();
            }
        }

        return merged;
    }

    private string Text(JsonElement entry, string name) => GoJson.Find(entry, name) switch
    {
        null or { ValueKind: JsonValueKind.Null } => "",
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        { } other => throw Unreadable($"'{name}' must be a string, not a JSON {other.ValueKind}"),
    };

    private DaprFault Mismatch() => PubSubFaults.EntryContentType(PubSub, target.Topic, target.App.AppId);
}
