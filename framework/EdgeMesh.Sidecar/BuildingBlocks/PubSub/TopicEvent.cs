using System.Runtime.InteropServices;
using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Http;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>A CloudEvent as gRPC apps get it: its attributes as fields, its data as bytes, whatever else it has as extensions.</summary>
internal static class TopicEvent
{
    private static readonly string[] Attributes =
        ["id", "source", "type", "specversion", "datacontenttype", "data", "data_base64"];
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = JsonSlice.DepthLimit };

    public static TopicEventRequest From(Parcel parcel, Subscription subscription)
    {
        using var document = JsonDocument.Parse(parcel.Body, Options);
        var root = document.RootElement;
        var request = new TopicEventRequest
        {
            Id = Text(root, "id"),
            Source = Text(root, "source"),
            Type = Text(root, "type"),
            SpecVersion = Text(root, "specversion"),
            DataContentType = Text(root, "datacontenttype"),
            Data = Data(root),
            Topic = parcel.Message.Topic,
            PubsubName = subscription.PubSub,
            Path = parcel.Path,
            Extensions = new Struct(),
        };
        foreach (var property in root.EnumerateObject().Where(p => !Attributes.Contains(p.Name, StringComparer.Ordinal)))
        {
            request.Extensions.Fields[property.Name] = Extension(property.Value);
        }

        return request;
    }

    /// <summary>Of JSON all stays JSON; of anything else a string is its own bytes.</summary>
    private static ByteString Data(JsonElement root)
    {
        if (root.TryGetProperty("data_base64", out var base64) && base64.ValueKind == JsonValueKind.String && base64.TryGetBytesFromBase64(out var bytes))
        {
            return UnsafeByteOperations.UnsafeWrap(bytes);
        }

        return root.TryGetProperty("data", out var data) && data.ValueKind != JsonValueKind.Null
            ? data.ValueKind == JsonValueKind.String && !MediaType.IsJson(Text(root, "datacontenttype")) ? ByteString.CopyFromUtf8(GoJson.Text(data)) : ByteString.CopyFrom(JsonMarshal.GetRawUtf8Value(data))
            : ByteString.Empty;
    }

    private static Value Extension(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Value.ForString(GoJson.Text(value)),
        JsonValueKind.Number => Value.ForNumber(value.GetDouble()),
        JsonValueKind.True or JsonValueKind.False => Value.ForBool(value.GetBoolean()),
        JsonValueKind.Array => Value.ForList([.. value.EnumerateArray().Select(Extension)]),
        JsonValueKind.Object => Value.ForStruct(Members(value)),
        _ => Value.ForNull(),
    };

    private static Struct Members(JsonElement map)
    {
        var members = new Struct();
        foreach (var property in map.EnumerateObject())
        {
            members.Fields[property.Name] = Extension(property.Value);
        }

        return members;
    }

    private static string Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? GoJson.Text(value) : "";
}
