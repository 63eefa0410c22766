using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Reads JSON as daprd's Go does: names in any case, values as slices of the body that they came in.</summary>
internal static class GoJson
{
    /// <summary>The length of <c>\uXXXX</c>.</summary>
    private const int Escape = 6;

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

    /// <summary>A JSON string's text. What is no text for .NET, half a surrogate pair or bytes that are no UTF-8, is U+FFFD in it.</summary>
    public static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            using var mended = JsonDocument.Parse(Mended(JsonMarshal.GetRawUtf8Value(value)));
            return mended.RootElement.GetString()!;
        }
    }

    /// <summary>The same JSON with U+FFFD for what is no text for .NET: a copy.</summary>
    public static byte[] Mended(ReadOnlySpan<byte> json)
    {
        var mended = Utf8.IsValid(json) ? json.ToArray() : MendBytes(json);
        MendSurrogates(mended);
        return mended;
    }

    /// <summary>The same text with U+FFFD for each byte that is no UTF-8: Go counts bytes, where .NET counts what begins like a character.</summary>
    public static byte[] MendBytes(ReadOnlySpan<byte> text)
    {
        var mended = new ArrayBufferWriter<byte>(text.Length + 16);
        for (var used = 0; !text.IsEmpty; text = text[used..])
        {
            if (Rune.DecodeFromUtf8(text, out _, out used) == OperationStatus.Done)
            {
                mended.Write(text[..used]);
                continue;
            }

            for (var i = 0; i < used; i++)
            {
                mended.Write("\uFFFD"u8);
            }
        }

        return mended.WrittenSpan.ToArray();
    }

    /// <summary>The same JSON, mended where it must be: nearly always nothing is copied.</summary>
    public static ReadOnlyMemory<byte> Readable(ReadOnlyMemory<byte> json) => IsReadable(json.Span) ? json : Mended(json.Span);

    /// <inheritdoc cref="Readable(ReadOnlyMemory{byte})"/>
    public static ReadOnlySpan<byte> Readable(ReadOnlySpan<byte> json) => IsReadable(json) ? json : Mended(json);

    private static bool IsReadable(ReadOnlySpan<byte> json) => Utf8.IsValid(json) && json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0;

    /// <summary>Half a surrogate pair (<c>\ud800</c>) is no text for .NET, and U+FFFD for Go: it becomes that, in its place, which is as long.</summary>
    public static void MendSurrogates(Span<byte> json)
    {
        for (int at; (at = json.IndexOf((byte)'\\')) >= 0;)
        {
            json = json[at..];
            var used = Math.Min(2, json.Length);
            if (Unit(json) is { } unit && char.IsSurrogate(unit))
            {
                var isPair = char.IsHighSurrogate(unit) && Unit(json[Escape..]) is { } second && char.IsLowSurrogate(second);
                if (!isPair)
                {
                    "\\ufffd"u8.CopyTo(json);
                }

                used = isPair ? 2 * Escape : Escape;
            }

            json = json[used..];
        }
    }

    /// <summary>What an escape that stands here is; null: none does.</summary>
    private static char? Unit(ReadOnlySpan<byte> json) =>
        json.Length >= Escape && json.StartsWith("\\u"u8) && ushort.TryParse(json[2..Escape], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit) ? (char)unit : null;

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
