using System.Globalization;

namespace EdgeMesh.Sidecar.Cel;

/// <summary>Cuts a CEL expression into names, strings, numbers and signs.</summary>
internal static class CelTokens
{
    /// <summary>Also those that CEL has and conditions here have not, so that they can be refused by name.</summary>
    private static readonly string[] Signs = ["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ".", ",", "+", "-", "*", "/", "%", "?", ":", "{", "}"];

    /// <exception cref="FormatException">Something is no token.</exception>
    public static List<CelToken> Read(string text)
    {
        var tokens = new List<CelToken>();
        var at = 0;
        while (at < text.Length)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            tokens.Add(ReadOne(text, ref at));
        }

        tokens.Add(new CelToken(CelTokenKind.End, "", text.Length));
        return tokens;
    }

    private static CelToken ReadOne(string text, ref int at)
    {
        var c = text[at];
        var isRaw = c is 'r' or 'R' && at + 1 < text.Length && text[at + 1] is '"' or '\'';
        if (isRaw || c is '"' or '\'')
        {
            var start = at;
            return new CelToken(CelTokenKind.String, CelStrings.Read(text, isRaw, ref at), start);
        }

        return char.IsAsciiDigit(c) ? ReadNumber(text, ref at)
            : char.IsAsciiLetter(c) || c == '_' ? ReadName(text, ref at)
            : ReadSign(text, ref at);
    }

    private static CelToken ReadName(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        return new CelToken(CelTokenKind.Name, text[start..at], start);
    }

    private static CelToken ReadNumber(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '.' || IsExponentSign(text, start, at)))
        {
            at++;
        }

        var token = text[start..at];
        return TryNumber(token, out var number)
            ? new CelToken(CelTokenKind.Number, token, start) { Number = number }
            : throw new FormatException($"'{token}' (character {start + 1}) is no number");
    }

    private static bool IsExponentSign(string text, int start, int at) =>
        text[at] is '+' or '-' && text[at - 1] is 'e' or 'E' && !text.AsSpan(start, at - start).StartsWith("0x", StringComparison.OrdinalIgnoreCase);

    private static bool TryNumber(string token, out double number)
    {
        number = 0;
        if (token.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            var isHex = ulong.TryParse(token.AsSpan(2).TrimEnd("uU"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex);
            number = hex;
            return isHex;
        }

        // A trailing u marks an unsigned integer; all numbers of a JSON envelope are doubles.
        return double.TryParse(token.AsSpan().TrimEnd("uU"), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number);
    }

    private static CelToken ReadSign(string text, ref int at)
    {
        foreach (var sign in Signs)
        {
            if (string.CompareOrdinal(text, at, sign, 0, sign.Length) == 0)
            {
                var start = at;
                at += sign.Length;
                return new CelToken(CelTokenKind.Sign, sign, start);
            }
        }

        throw new FormatException($"'{text[at]}' (character {at + 1}) means nothing here");
    }
}
