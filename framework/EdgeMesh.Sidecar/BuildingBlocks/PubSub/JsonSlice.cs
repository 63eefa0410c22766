using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using EdgeMesh.Sidecar.Http;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Finds JSON in bytes that are only passed on, so that it can be copied as it is.</summary>
internal static class JsonSlice
{
    /// <summary>Deeper JSON is taken for text.</summary>
    public const int DepthLimit = 512;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = DepthLimit, AllowMultipleValues = true };

    /// <summary>The first JSON value; what follows it is ignored, as daprd does. False: there is none.</summary>
    public static bool TryFirst(ReadOnlySpan<byte> data, out ReadOnlySpan<byte> value)
    {
        value = default;
        try
        {
            var reader = new Utf8JsonReader(data, Options);
            if (!reader.Read())
            {
                return false;
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            value = data[start..(int)reader.BytesConsumed];
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>The members of an object with their values as they stand; the last of equal names wins. Null: it is no object.</summary>
    public static Dictionary<string, Range>? Members(ReadOnlySpan<byte> data)
    {
        try
        {
            var reader = new Utf8JsonReader(data, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            var members = new Dictionary<string, Range>(16, StringComparer.Ordinal);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                members[name] = start..(int)reader.BytesConsumed;
            }

            return members;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a name that is no text (half a surrogate pair).
            return null;
        }
    }

    /// <summary>Bytes that are not UTF-8 become replacement characters; nearly always there are none, and nothing is copied.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> data) =>
        Utf8.IsValid(data) ? data : GoJson.MendBytes(data);
}
