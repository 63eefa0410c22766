using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace EdgeMesh.Telemetry;

/// <summary>The bytes of the record in the making. Kept by its thread; what one huge record made it grow to is given back with the next.
/// Texts are escaped by the base library's encoder, but for those that plainly need none: nearly all.</summary>
internal sealed class RecordBuffer
{
    private const int Kept = 16 * 1024;
    private const int BytesPerCharacter = 3;

    /// <summary>Escapes what HTML would take for markup, and all control characters; letters of all languages stay as they are.</summary>
    private static readonly JavaScriptEncoder Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);

    private const string Plain = " !#$%()*,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_abcdefghijklmnopqrstuvwxyz{|}~";
    private static readonly SearchValues<char> PlainCharacters = SearchValues.Create(Plain);
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create(Encoding.ASCII.GetBytes(Plain));

    private byte[] _bytes = new byte[2048];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    public static bool IsPlain(ReadOnlySpan<byte> text) => !text.ContainsAnyExcept(PlainBytes);

    public void Clear()
    {
        _length = 0;
        if (_bytes.Length > Kept)
        {
            _bytes = new byte[Kept];
        }
    }

    /// <summary>Bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _length += bytes.Length;
    }

    /// <summary>What is to stand between the quotes of a JSON string.</summary>
    public void Text(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyExcept(PlainCharacters))
        {
            _length += Encoding.ASCII.GetBytes(text, Room(text.Length));
            return;
        }

        Span<char> escaped = stackalloc char[512];
        while (text.Length > 0)
        {
            Encoder.Encode(text, escaped, out var read, out var written);
            _length += Encoding.UTF8.GetBytes(escaped[..written], Room(written * BytesPerCharacter));
            text = text[read..];
        }
    }

    /// <summary>Bytes to write to; count them by <see cref="Advance"/>.</summary>
    public Span<byte> Room(int length)
    {
        if (_bytes.Length - _length < length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + length));
        }

        return _bytes.AsSpan(_length);
    }

    public void Advance(int length) => _length += length;
}
