using System.Globalization;
using System.Text;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>Folds text as FHIR's string search wants it: case, accents and punctuation do not matter, and a hyphen is a blank. The process runs without ICU
/// (invariant globalization), where the platform decomposes nothing, so the Latin letters are folded here.</summary>
internal static class TextFolding
{
    private static readonly Dictionary<char, string> Letters = Build(
        ("a", "àáâãäåāăąǎǻ"), ("ae", "æǽ"), ("c", "çćĉċč"), ("d", "ďđð"), ("e", "èéêëēĕėęě"), ("g", "ĝğġģǧ"), ("h", "ĥħ"),
        ("i", "ìíîïĩīĭįıǐ"), ("ij", "ĳ"), ("j", "ĵ"), ("k", "ķĸǩ"), ("l", "ĺļľŀł"), ("n", "ñńņňŉŋ"), ("o", "òóôõöøōŏőǒǿ"), ("oe", "œ"),
        ("r", "ŕŗř"), ("s", "śŝşšſș"), ("ss", "ß"), ("t", "ţťŧț"), ("th", "þ"), ("u", "ùúûüũūŭůűųǔ"), ("w", "ŵ"), ("y", "ýÿŷ"), ("z", "źżž"));

    public static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var letter in text)
        {
            Append(folded, char.ToLowerInvariant(letter));
        }

        return folded.ToString().TrimEnd();
    }

    private static void Append(StringBuilder folded, char letter)
    {
        if (char.IsAsciiLetterOrDigit(letter))
        {
            folded.Append(letter);
        }
        else if (char.IsWhiteSpace(letter) || char.GetUnicodeCategory(letter) == UnicodeCategory.DashPunctuation)
        {
            if (folded.Length > 0 && folded[^1] != ' ')
            {
                folded.Append(' ');
            }
        }
        else if (Letters.TryGetValue(letter, out var plain))
        {
            folded.Append(plain);
        }
        else if (!IsIgnored(letter))
        {
            folded.Append(letter);
        }
    }

    private static bool IsIgnored(char letter) =>
        char.IsPunctuation(letter) || CharUnicodeInfo.GetUnicodeCategory(letter) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark;

    private static Dictionary<char, string> Build(params (string Plain, string Letters)[] rows) =>
        rows.SelectMany(row => row.Letters.Select(letter => (letter, row.Plain))).ToDictionary(p => p.letter, p => p.Plain);
}
