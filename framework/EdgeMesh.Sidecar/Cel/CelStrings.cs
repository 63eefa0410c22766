using System.Globalization;
using System.Text;

namespace EdgeMesh.Sidecar.Cel;

/// <summary>CEL's string literals: single or double quotes, escapes, <c>r"…"</c> without escapes.</summary>
internal static class CelStrings
{
    /// <exception cref="FormatException">It does not end, or has an escape that CEL does not know.</exception>
    public static string Read(string text, bool isRaw, ref int at)
    {
        at += isRaw ? 1 : 0;
        var quote = text[at++];
        var value = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] == '\\' && !isRaw)
            {
                at++;
                Unescape(text, ref at, value);
            }
            else
            {
                value.Append(text[at++]);
            }
        }

        if (at >= text.Length)
        {
            throw new FormatException("a string does not end");
        }

        at++;
        return value.ToString();
    }

    private static void Unescape(string text, ref int at, StringBuilder value)
    {
        var escape = at < text.Length ? text[at++] : '\0';
        switch (escape)
        {
            case '\\' or '"' or '\'' or '`' or '?':
                value.Append(escape);
                break;
            case 'n' or 't' or 'r' or 'a' or 'b' or 'f' or 'v':
                value.Append("\n\t\r\a\b\f\v"["ntrabfv".IndexOf(escape, StringComparison.Ordinal)]);
                break;
            case 'x' or 'X':
                AppendCode(text, ref at, 2, value);
                break;
            case 'u':
                AppendCode(text, ref at, 4, value);
                break;
            case 'U':
                AppendCode(text, ref at, 8, value);
                break;
            default:
                throw new FormatException($"'\\{escape}' is no escape in a string");
        }
    }

    private static void AppendCode(string text, ref int at, int digits, StringBuilder value)
    {
        if (at + digits > text.Length
            || !int.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || !Rune.TryCreate(code, out var rune))
        {
            throw new FormatException("a string has an escape that is no character");
        }

        at += digits;
        value.Append(rune.ToString());
    }
}
