using System.Buffers;
using System.Net.Mime;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Http;

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

    /// <summary>The sidecar's, whatever an event that already is one says of them.</summary>
    private static readonly HashSet<string> OwnFields = new(StringComparer.Ordinal) { "topic", "pubsubname" };

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
        else if (!TryWriteGiven(json, publication, now))
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
        WriteOwn(json, publication);
        WriteTrace(json, trace);
        json.WriteString("tracestate"u8, Override(publication, "tracestate") ?? publication.TraceState ?? "");
    }

    private static void WriteData(Utf8JsonWriter json, ReadOnlySpan<byte> data, string contentType)
    {
        if (MediaType.IsJson(contentType) && JsonSlice.TryFirst(data, out var value))
        {
            json.WritePropertyName("data"u8);
            json.WriteRawValue(GoJson.Readable(value), skipInputValidation: true);
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

    private static bool TryWriteGiven(Utf8JsonWriter json, Publication publication, DateTimeOffset now)
    {
        var data = GoJson.Readable(publication.Data.Span);
        if (JsonSlice.Members(data) is not { } members)
        {
            return false;
        }

        var (expires, isTraced) = (publication.TimeToLive is not null, IsText(data, members, "traceid"));
        foreach (var (name, range) in members)
        {
            if (!OwnFields.Contains(name) && !(name == "expiration" && expires) && !(name is "traceid" or "traceparent" && !isTraced) && !(IsDefaulted(name) && data[range].SequenceEqual("null"u8)))
            {
                json.WritePropertyName(name);
                json.WriteRawValue(data[range], skipInputValidation: true);
            }
        }

        WriteDefault(json, data, members, "source", DefaultSource);
        WriteDefault(json, data, members, "specversion", SpecVersion);
        WriteDefault(json, data, members, "type", DefaultType);
        WriteDefault(json, data, members, "time", EnvelopeTime.Format(now));
        WriteExpiration(json, publication, now);
        WriteOwn(json, publication);
        WriteDefault(json, data, members, "tracestate", publication.TraceState ?? "");
        if (!isTraced)
        {
            WriteTrace(json, publication.TraceParent);
        }

        return true;
    }

    /// <summary>An event that names its trace keeps it, and a <c>traceparent</c> beside it.</summary>
    private static bool IsText(ReadOnlySpan<byte> data, Dictionary<string, Range> members, string name) => members.TryGetValue(name, out var range) && data[range] is [(byte)'"', ..];

    private static bool IsDefaulted(string name) => name is "source" or "specversion" or "type" or "time" or "tracestate";

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

    private static void WriteOwn(Utf8JsonWriter json, Publication publication)
    {
        json.WriteString("pubsubname"u8, publication.PubSub);
        json.WriteString("topic"u8, publication.Topic);
    }

    private static void WriteTrace(Utf8JsonWriter json, string? traceParent)
    {
        json.WriteString("traceid"u8, traceParent ?? "");
        json.WriteString("traceparent"u8, traceParent ?? "");
    }

    /// <summary>A publisher may set these fields by metadata; an empty value sets nothing.</summary>
    private static string? Override(Publication publication, string field) =>
        publication.Metadata.Count > 0 && publication.Metadata.TryGetValue("cloudevent." + field, out var value) && value.Length > 0 ? value : null;
}
