using System.Buffers;
using System.Globalization;
using System.Net.Mime;
using System.Text;
using System.Text.Json;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>What a publisher sent.</summary>
/// <param name="Source">The publisher's app id.</param>
/// <param name="PubSub">The component.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Data">The bytes.</param>
/// <param name="ContentType">Their type; empty is <c>text/plain</c>.</param>
/// <param name="Metadata">May override <c>cloudevent.*</c>.</param>
/// <param name="TraceParent">The publisher's trace, if any.</param>
/// <param name="TraceState">Its state, if any.</param>
internal sealed record Publication(
    string Source, string PubSub, string Topic, ReadOnlyMemory<byte> Data, string ContentType,
    IReadOnlyDictionary<string, string> Metadata, string? TraceParent, string? TraceState)
{
    public bool IsRaw => Metadata.TryGetValue("rawPayload", out var raw) && raw is "true" or "True" or "1";
}

/// <summary>Dapr's CloudEvents 1.0 envelope.</summary>
internal static class CloudEvent
{
    public const string ContentType = "application/cloudevents+json";

    /// <summary>Wraps a publication; one that already is a CloudEvent keeps its fields and gains those it lacks.</summary>
    public static ReadOnlyMemory<byte> Wrap(Publication publication, DateTimeOffset now, string id)
    {
        var type = MediaType(publication.ContentType);
        var buffer = new ArrayBufferWriter<byte>(publication.Data.Length + 512);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (type == ContentType && TryParse(publication.Data, out var given))
        {
            using (given)
            {
                WriteGiven(json, given!.RootElement, publication, now, id);
            }
        }
        else
        {
            WriteNew(json, publication, type, now, id);
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>The envelope that a raw message is delivered in.</summary>
    public static ReadOnlyMemory<byte> WrapRaw(ReadOnlyMemory<byte> data, string pubsub, string topic, DateTimeOffset now, string id)
    {
        var buffer = new ArrayBufferWriter<byte>(data.Length * 4 / 3 + 256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("specversion", "1.0");
        json.WriteString("type", "com.dapr.event.sent");
        json.WriteString("source", "Dapr");
        json.WriteString("datacontenttype", "application/octet-stream");
        json.WriteString("topic", topic);
        json.WriteString("pubsubname", pubsub);
        json.WriteString("time", Time(now));
        json.WriteBase64String("data_base64", data.Span);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteNew(Utf8JsonWriter json, Publication p, string type, DateTimeOffset now, string id)
    {
        json.WriteString("id", Override(p, "id") ?? id);
        json.WriteString("specversion", "1.0");
        json.WriteString("type", Override(p, "type") ?? "com.dapr.event.sent");
        json.WriteString("source", Override(p, "source") ?? p.Source);
        if (Override(p, "subject") is { } subject)
        {
            json.WriteString("subject", subject);
        }

        json.WriteString("datacontenttype", p.ContentType.Length == 0 ? MediaTypeNames.Text.Plain : p.ContentType);
        WriteDapr(json, p, now);
        WriteData(json, p.Data, type);
    }

    private static void WriteData(Utf8JsonWriter json, ReadOnlyMemory<byte> data, string type)
    {
        if (IsJson(type) && TryParse(data, out var parsed))
        {
            using (parsed)
            {
                json.WritePropertyName("data");
                parsed!.RootElement.WriteTo(json);
            }
        }
        else if (type == "application/octet-stream")
        {
            json.WriteBase64String("data_base64", data.Span);
        }
        else
        {
            json.WriteString("data", data.Span);
        }
    }

    private static void WriteGiven(Utf8JsonWriter json, JsonElement given, Publication p, DateTimeOffset now, string id)
    {
        foreach (var property in given.EnumerateObject())
        {
            if (property.Name is not ("topic" or "pubsubname" or "traceid" or "traceparent" or "tracestate" or "time" or "id" or "specversion" or "source" or "type"))
            {
                property.WriteTo(json);
            }
        }

        json.WriteString("id", Override(p, "id") ?? Text(given, "id") ?? id);
        json.WriteString("specversion", Text(given, "specversion") ?? "1.0");
        json.WriteString("type", Override(p, "type") ?? Text(given, "type") ?? "com.dapr.event.sent");
        json.WriteString("source", Override(p, "source") ?? Text(given, "source") ?? p.Source);
        WriteDapr(json, p, now, Text(given, "time"), Text(given, "traceparent"));
    }

    private static void WriteDapr(Utf8JsonWriter json, Publication p, DateTimeOffset now, string? time = null, string? traceParent = null)
    {
        var trace = Override(p, "traceparent") ?? traceParent ?? p.TraceParent ?? "";
        json.WriteString("topic", p.Topic);
        json.WriteString("pubsubname", p.PubSub);
        json.WriteString("traceid", Override(p, "traceid") ?? trace);
        json.WriteString("traceparent", trace);
        json.WriteString("tracestate", Override(p, "tracestate") ?? p.TraceState ?? "");
        json.WriteString("time", time ?? Time(now));
    }

    private static string Time(DateTimeOffset now) => now.ToString("yyyy-MM-dd'T'HH:mm:ssK", CultureInfo.InvariantCulture).Replace("+00:00", "Z", StringComparison.Ordinal);

    private static string MediaType(string contentType)
    {
        var semicolon = contentType.IndexOf(';', StringComparison.Ordinal);
        return (semicolon < 0 ? contentType : contentType[..semicolon]).Trim().ToLowerInvariant();
    }

    private static bool IsJson(string type) => type == "application/json" || type.EndsWith("+json", StringComparison.Ordinal);

    private static bool TryParse(ReadOnlyMemory<byte> data, out JsonDocument? document)
    {
        try
        {
            document = JsonDocument.Parse(data);
            return true;
        }
        catch (JsonException)
        {
            document = null;
            return false;
        }
    }

    private static string? Override(Publication p, string field) => p.Metadata.GetValueOrDefault("cloudevent." + field);

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
