using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>Puts a version's <c>meta</c> into stored JSON without parsing the rest of it: <c>resourceType</c>, <c>id</c> and
/// <c>meta</c> come first in what <see cref="FhirModel"/> writes.</summary>
internal static class ResourceJson
{
    public static byte[] WithMeta(ReadOnlySpan<byte> json, VersionId version, DateTimeOffset updated)
    {
        var buffer = new ArrayBufferWriter<byte>(json.Length + 128);
        WithMeta(json, version, updated, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public static void WithMeta(ReadOnlySpan<byte> json, VersionId version, DateTimeOffset updated, IBufferWriter<byte> output)
    {
        var (at, hasMeta) = FindPlace(json);
        var inner = $"\"versionId\":\"{version}\",\"lastUpdated\":\"{Instant(updated)}\"";
        var text = hasMeta ? inner + "," : $",\"meta\":{{{inner}}}";
        output.Write(json[..at]);
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Write(json[at..]);
    }

    public static string Instant(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Behind the brace of <c>meta</c> when there is one, else behind <c>id</c>.</summary>
    private static (int At, bool HasMeta) FindPlace(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var at = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isMeta = reader.ValueTextEquals("meta"u8);
            if (!isMeta && !reader.ValueTextEquals("resourceType"u8) && !reader.ValueTextEquals("id"u8))
            {
                break;
            }

            reader.Read();
            at = (int)reader.BytesConsumed;
            if (isMeta)
            {
                return (at, true);
            }
        }

        return at > 0 ? (at, false) : throw new InvalidDataException("A stored resource does not begin with its type and id.");
    }
}
