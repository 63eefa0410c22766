using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Fields as one JSON object of texts in a column. One spelling for one content, so that a field with a value is found as text:
/// inside a value every quote is escaped, so nothing that a sender writes looks like another field.</summary>
internal static class FieldsJson
{
    private static readonly JsonWriterOptions Spelling = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static string Write(IReadOnlyDictionary<string, string> fields)
    {
        if (fields.Count == 0)
        {
            return "{}";
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Spelling))
        {
            json.WriteStartObject();
            foreach (var (name, value) in fields.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static IReadOnlyDictionary<string, string> Read(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        using var json = JsonDocument.Parse(text);
        foreach (var field in json.RootElement.EnumerateObject())
        {
            fields[field.Name] = field.Value.GetString()!;
        }

        return fields;
    }

    /// <summary>How a field with this value stands in the column.</summary>
    public static string Pair(string name, string value) => Write(new Dictionary<string, string> { [name] = value })[1..^1];

    /// <summary>How a field whose value begins so stands in the column, up to there.</summary>
    public static string PairBeginning(string name, string beginning) => Pair(name, beginning)[..^1];
}
