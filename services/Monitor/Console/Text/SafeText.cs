using System.Globalization;
using System.Text;

namespace EdgeMesh.Services.Monitor.Console.Text;

/// <summary>Makes what strangers wrote harmless to look at: what can't be seen becomes visible, what turns the direction of writing loses
/// its power, what is endless is cut. Markup needs nothing here: pages write text as text.</summary>
internal static class SafeText
{
    /// <summary>What a row shows of a message.</summary>
    public const int RowLength = 400;

    /// <summary>What an opened row shows.</summary>
    public const int WholeLength = 16 * 1024;

    /// <summary>One line of a list.</summary>
    public static string Row(string text) => Clean(text, RowLength, keepsLines: false);

    /// <summary>All of it, as far as a page can bear; says what was cut.</summary>
    public static string Whole(string text) => text.Length <= WholeLength
        ? Clean(text, WholeLength, keepsLines: true)
        : $"{Clean(text, WholeLength, keepsLines: true)}\n[cut here: {Amounts.Count(WholeLength)} of {Amounts.Count(text.Length)} characters]";

    private static string Clean(string text, int most, bool keepsLines)
    {
        if (text.Length <= most && !NeedsCare(text, keepsLines))
        {
            return text;
        }

        var clean = new StringBuilder(Math.Min(text.Length, most) + 16);
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, most)).EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '\n' or '\t' when keepsLines:
                    clean.Append((char)rune.Value);
                    break;
                case < 0x20:
                    // The picture of the control character.
                    clean.Append((char)(0x2400 + rune.Value));
                    break;
                case 0x7f:
                    clean.Append('\u2421');
                    break;
                default:
                    if (IsHidden(rune))
                    {
                        clean.Append(CultureInfo.InvariantCulture, $"[U+{rune.Value:X4}]");
                    }
                    else
                    {
                        clean.Append(rune);
                    }

                    break;
            }
        }

        return text.Length > most && !keepsLines ? clean.Append('…').ToString() : clean.ToString();
    }

    private static bool NeedsCare(string text, bool keepsLines)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value < 0x20 ? !(keepsLines && rune.Value is '\n' or '\t') : rune.Value == 0x7f || rune == Rune.ReplacementChar || IsHidden(rune))
            {
                return true;
            }
        }

        return false;
    }

    // Marks of direction, zero-width characters, separators of lines, tags: they change what is seen and are not seen themselves.
    private static bool IsHidden(Rune rune) => rune.Value is (>= 0x80 and < 0xa0) or 0xad or 0x61c or (>= 0x200b and <= 0x200f) or (>= 0x2028 and <= 0x202e)
        or (>= 0x2060 and <= 0x206f) or 0xfeff or (>= 0xfff9 and <= 0xfffb) or (>= 0xe0000 and <= 0xe007f);
}
