using System.Buffers;
using System.Globalization;
using System.Text;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>Text of strangers, made harmless to whoever looks at it: control characters that move a cursor, colour a terminal, ring or
/// reverse the reading direction are shown as what they are, and its length is bounded.</summary>
internal static class VisibleText
{
    private static readonly SearchValues<char> Unsafe = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Where(c => c is not ('\n' or '\t')).Append(0x7f).Concat(Enumerable.Range(0x80, 0x20))
            .Concat([0x200e, 0x200f, 0x2028, 0x2029, 0xfeff]).Concat(Enumerable.Range(0x202a, 5)).Concat(Enumerable.Range(0x2066, 4)).Concat(Enumerable.Range(0xd800, 0x800))
            .Select(c => (char)c)]);

    public static string Of(string text, int most)
    {
        if (text.Length <= most && text.AsSpan().IndexOfAny(Unsafe) < 0)
        {
            return text;
        }

        var visible = new StringBuilder(Math.Min(text.Length, most) + 64);
        var read = 0;
        for (; read < text.Length && visible.Length < most; read++)
        {
            Append(visible, text, ref read);
        }

        if (read < text.Length)
        {
            visible.Append(CultureInfo.InvariantCulture, $"… ({text.Length - read} more characters were cut off)");
        }

        return visible.ToString();
    }

    private static void Append(StringBuilder visible, string text, ref int at)
    {
        var c = text[at];
        if (char.IsHighSurrogate(c) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
        {
            visible.Append(c).Append(text[++at]);
        }
        else if (Unsafe.Contains(c))
        {
            visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }
        else
        {
            visible.Append(c);
        }
    }
}
