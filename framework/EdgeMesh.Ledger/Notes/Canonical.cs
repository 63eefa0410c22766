using System.Globalization;

namespace EdgeMesh.Ledger.Notes;

/// <summary>Reads numbers and base64 that have one spelling each, so that nothing signed can be written in two ways.</summary>
internal static class Canonical
{
    public static bool TryParseNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && (text.Length == 1 || text[0] != '0');

    public static byte[]? TryParseBase64(string text)
    {
        var bytes = new byte[text.Length / 4 * 3];
        return Convert.TryFromBase64String(text, bytes, out var length) && Convert.ToBase64String(bytes, 0, length) == text ? bytes[..length] : null;
    }

    /// <summary>Key names and origins: not empty, no spaces, no plus, no control characters.</summary>
    public static bool IsName(string text) => text.Length > 0 && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+');
}
