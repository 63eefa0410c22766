using System.Buffers;
using System.Net.Mime;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Makes Dapr's CloudEvents 1.0 envelopes, field by field as daprd does. Data that is JSON is copied, not parsed and written anew.</summary>
internal static class CloudEvent
{
    private const string DefaultSource = "Dapr";
    private const string DefaultType = "com.dapr.event.sent";
    private const string SpecVersion = "1.0";
    private const int EnvelopeSize = 512;

    /// <summary>JSON for programs, never part of a page.</summary>
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>Said by daprd's overrides and by an event that already is one, but never taken from either: they are the sidecar's.</summary>
    private static readonly HashSet<string> OwnFields = new(StringComparer.Ordinal) { "topic", "pubsubname", "traceid", "traceparent", "tracestate" };

    /// <summary>Wraps a publication. One that already is a CloudEvent keeps its fields, and gains those that it lacks; null: it says that it is one and is not.</summary>
    public static byte[]? Wrap(Publication publication, string appId, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(publication.Data.Length + EnvelopeSize);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        if (!MediaType.IsCloudEvent(publication.ContentType))
        {
            WriteNew(json, publication, appId, now);
        }
        else if (JsonSlice.Members(publication.Data.Span) is { } members)
        {
            WriteGiven(json, publication, members, now);
        }
        else
        {
            return null;
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The envelope in which a raw message is delivered: nobody knows what its bytes are.</summary>
    public static byte[] WrapRaw(BrokerMessage message, string pubsub)
    {
        var buffer = new ArrayBufferWriter<byte>((message.Data.Length * 4 / 3) + EnvelopeSize);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteBase64String("data_base64"u8, message.Data.Span);
        json.WriteString("datacontenttype"u8, MediaTypeNames.Application.Octet);
        json.WriteString("id"u8, message.Id);
        json.WriteString("pubsubname"u8, pubsub);
        json.WriteString("source"u8, DefaultSource);
        json.WriteString("specversion"u8, SpecVersion);
        json.WriteString("topic"u8, message.Topic);
        json.WriteString("type"u8, DefaultType);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteNew(Utf8JsonWriter json, Publication publication, string appId, DateTimeOffset now)
    {
        var contentType = publication.ContentType.Length == 0 ? MediaTypeNames.Text.Plain : publication.ContentType;
        WriteData(json, publication.Data.Span, contentType);
        json.WriteString("datacontenttype"u8, contentType);
        WriteExpiration(json, publication, now);
        foreach (var (name, value) in publication.Extensions ?? BrokerMessage.NoMetadata)
        {
            json.WriteString(name, value);
        }

        json.WriteString("id"u8, Override(publication, "id") ?? Guid.NewGuid().ToString());
        json.WriteString("source"u8, Override(publication, "source") ?? appId);
        json.WriteString("specversion"u8, SpecVersion);
        if (Override(publication, "subject") is { } subject)
        {
            json.WriteString("subject"u8, subject);
        }

        json.WriteString("time"u8, EnvelopeTime.Format(now));
        json.WriteString("type"u8, Override(publication, "type") ?? DefaultType);
        var trace = Override(publication, "traceparent") ?? Override(publication, "traceid") ?? publication.TraceParent;
        WriteOwn(json, publication, trace, Override(publication, "tracestate") ?? publication.TraceState);
    }

    private static void WriteData(Utf8JsonWriter json, ReadOnlySpan<byte> data, string contentType)
    {
        if (MediaType.IsJson(contentType) && JsonSlice.TryFirst(data, out var value))
        {
            json.WritePropertyName("data"u8);
            json.WriteRawValue(JsonSlice.Text(value), skipInputValidation: true);
        }
        else if (MediaType.IsBinary(contentType))
        {
            json.WriteBase64String("data_base64"u8, data);
        }
        else
        {
            json.WriteString("data"u8, JsonSlice.Text(data));
        }
    }

    private static void WriteGiven(Utf8JsonWriter json, Publication publication, Dictionary<string, Range> members, DateTimeOffset now)
    {
        var data = publication.Data.Span;
        var expires = publication.TimeToLive is not null;
        foreach (var (name, range) in members)
        {
            if (!OwnFields.Contains(name) && !(name == "expiration" && expires) && !(IsDefaulted(name) && data[range].SequenceEqual("null"u8)))
            {
                json.WritePropertyName(name);
                json.WriteRawValue(JsonSlice.Text(data[range]), skipInputValidation: true);
            }
        }

        WriteDefault(json, data, members, "source", DefaultSource);
        WriteDefault(json, data, members, "specversion", SpecVersion);
        WriteDefault(json, data, members, "type", DefaultType);
        WriteDefault(json, data, members, "time", EnvelopeTime.Format(now));
        WriteExpiration(json, publication, now);
        WriteOwn(json, publication, publication.TraceParent, publication.TraceState);
    }

    private static bool IsDefaulted(string name) => name is "source" or "specversion" or "type" or "time";

    private static void WriteDefault(Utf8JsonWriter json, ReadOnlySpan<byte> data, Dictionary<string, Range> members, string name, string value)
    {
        if (!members.TryGetValue(name, out var range) || data[range].SequenceEqual("null"u8))
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteExpiration(Utf8JsonWriter json, Publication publication, DateTimeOffset now)
    {
        if (publication.TimeToLive is { } time)
        {
            json.WriteString("expiration"u8, EnvelopeTime.Format(now + time));
        }
    }

    private static void WriteOwn(Utf8JsonWriter json, Publication publication, string? traceParent, string? traceState)
    {
        json.WriteString("pubsubname"u8, publication.PubSub);
        json.WriteString("topic"u8, publication.Topic);
        json.WriteString("traceid"u8, traceParent ?? "");
        json.WriteString("traceparent"u8, traceParent ?? "");
        json.WriteString("tracestate"u8, traceState ?? "");
    }

    /// <summary>A publisher may set these fields by metadata; an empty value sets nothing.</summary>
    private static string? Override(Publication publication, string field) =>
        publication.Metadata.Count > 0 && publication.Metadata.TryGetValue("cloudevent." + field, out var value) && value.Length > 0 ? value : null;
}
