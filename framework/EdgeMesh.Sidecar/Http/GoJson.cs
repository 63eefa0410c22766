using System.Runtime.InteropServices;
using System.Text.Json;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Reads JSON as daprd's Go does: names in any case, values as slices of the body that they came in.</summary>
internal static class GoJson
{
    public static JsonElement? Find(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        if (parent.TryGetProperty(name, out var exact))
        {
            return exact;
        }

        foreach (var property in parent.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return property.Value;
            }
        }

        return null;
    }

    /// <summary>A member's own bytes inside the body; one that is missing is null.</summary>
    public static ReadOnlyMemory<byte> Raw(JsonElement parent, string name, ReadOnlyMemory<byte> body)
    {
        if (Find(parent, name) is not { } value)
        {
            return "null"u8.ToArray();
        }

        var raw = JsonMarshal.GetRawUtf8Value(value);
        return body.Span.Overlaps(raw, out var offset) ? body.Slice(offset, raw.Length) : raw.ToArray();
    }
}
