using System.Buffers;
using System.Net.Mime;
using System.Text.Json;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Many messages in one body, as daprd writes it; events that are JSON are copied, raw ones are base64.</summary>
internal static class BulkEnvelope
{
    private const string Type = "com.dapr.event.sent.bulk";
    private static readonly JsonWriterOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ReadOnlyMemory<byte> Write(Subscription subscription, IReadOnlyList<Parcel> parcels, IReadOnlyList<string> ids)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteStartArray("entries"u8);
        for (var i = 0; i < parcels.Count; i++)
        {
            WriteEntry(json, subscription, parcels[i], ids[i]);
        }

        json.WriteEndArray();
        json.WriteString("id"u8, Guid.NewGuid().ToString());
        json.WriteStartObject("metadata"u8);
        json.WriteString("pubsubName"u8, subscription.PubSub);
        json.WriteEndObject();
        json.WriteString("pubsubname"u8, subscription.PubSub);
        json.WriteString("topic"u8, parcels[0].Message.Topic);
        json.WriteString("type"u8, Type);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteEntry(Utf8JsonWriter json, Subscription subscription, Parcel parcel, string id)
    {
        json.WriteStartObject();
        json.WriteString("entryId"u8, id);
        if (subscription.IsRaw)
        {
            json.WriteBase64String("event"u8, parcel.Message.Data.Span);
        }
        else
        {
            json.WritePropertyName("event"u8);
            json.WriteRawValue(JsonSlice.Text(parcel.Body.Span), skipInputValidation: true);
        }

        json.WriteStartObject("metadata"u8);
        foreach (var (name, value) in parcel.Message.Metadata)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteString("contentType"u8, subscription.IsRaw ? MediaTypeNames.Application.Octet : MediaType.CloudEvent);
        json.WriteEndObject();
    }
}
