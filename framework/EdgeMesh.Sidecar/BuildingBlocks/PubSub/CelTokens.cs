using System.Text;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Cuts a CEL expression into names, strings, numbers and signs.</summary>
internal static class CelTokens
{
    private static readonly string[] Signs = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ".", ","];

    public static List<(string Kind, string Text)> Read(string text)
    {
        var tokens = new List<(string, string)>();
        var at = 0;
        while (at < text.Length)
        {
            var c = text[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
            }
            else if (c is '"' or '\'')
            {
                tokens.Add(("string", ReadString(text, ref at)));
            }
            else if (char.IsAsciiDigit(c) || c == '-' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))
            {
                tokens.Add(("number", ReadWhile(text, ref at, d => char.IsAsciiDigit(d) || d is '.')));
            }
            else if (char.IsAsciiLetter(c) || c == '_')
            {
                tokens.Add(("name", ReadWhile(text, ref at, d => char.IsAsciiLetterOrDigit(d) || d == '_')));
            }
            else
            {
                tokens.Add(("sign", ReadSign(text, ref at)));
            }
        }

        return tokens;
    }

    private static string ReadWhile(string text, ref int at, Func<char, bool> belongs)
    {
        var start = at++;
        while (at < text.Length && belongs(text[at]))
        {
            at++;
        }

        var token = text[start..at];
        return token.Count(d => d == '.') > 1 ? throw new FormatException($"'{token}' is no number") : token;
    }

    private static string ReadString(string text, ref int at)
    {
        var quote = text[at++];
        var value = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
            }

            value.Append(text[at++]);
        }

        if (at >= text.Length)
        {
            throw new FormatException("a string does not end");
        }

        at++;
        return value.ToString();
    }

    private static string ReadSign(string text, ref int at)
    {
        foreach (var sign in Signs)
        {
            if (string.CompareOrdinal(text, at, sign, 0, sign.Length) == 0)
            {
                at += sign.Length;
                return sign;
            }
        }

        throw new FormatException($"'{text[at]}' is not served");
    }
}
