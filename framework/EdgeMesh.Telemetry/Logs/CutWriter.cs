using System.Text;

namespace EdgeMesh.Telemetry;

/// <summary>Takes the text of a message as far as it is kept, and counts the rest, so that a message of megabytes is rendered without
/// holding it.</summary>
internal sealed class CutWriter(int limit) : TextWriter
{
    private readonly char[] _text = new char[limit];
    private int _length;

    public override Encoding Encoding => Encoding.Unicode;

    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    public void Clear() => _length = 0;

    public override void Write(char value) => Write([value]);

    public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

    public override void Write(string? value) => Write(value.AsSpan());

    public override void Write(ReadOnlySpan<char> buffer)
    {
        var kept = buffer[..Math.Min(buffer.Length, _text.Length - _length)];
        kept.CopyTo(_text.AsSpan(_length));
        _length += kept.Length;
    }
}
