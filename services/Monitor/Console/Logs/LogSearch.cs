using System.Text;

namespace EdgeMesh.Services.Monitor.Console.Logs;

/// <summary>What was typed into the search field: words to find, and fields with values, as in <c>timeout http.route=/fhir/Patient</c> or
/// <c>user.agent="a b"</c>. What is put in quotes is never taken apart; a backslash in it goes before a quote or another backslash.</summary>
/// <param name="Text">The words; null: none.</param>
/// <param name="Fields">The fields.</param>
internal sealed record LogSearch(string? Text, IReadOnlyDictionary<string, string> Fields)
{
    /// <summary>What is typed beyond it is not looked at.</summary>
    public const int LengthLimit = 1000;

    /// <summary>More than so many are words.</summary>
    public const int FieldLimit = 10;

    public static LogSearch Parse(string? typed)
    {
        typed = typed is { Length: > LengthLimit } ? typed[..LengthLimit] : typed ?? "";
        var (words, fields) = (new List<string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var (name, value) in Parts(typed))
        {
            if (name is null || fields.Count >= FieldLimit)
            {
                words.Add(name is null ? value : $"{name}={value}");
            }
            else
            {
                fields[name] = value;
            }
        }

        return new LogSearch(words.Count == 0 ? null : string.Join(' ', words), fields);
    }

    /// <summary>As one would type it: of that, <see cref="Parse"/> makes the same again, within the limits.</summary>
    public static string Write(string? text, IEnumerable<KeyValuePair<string, string>> fields)
    {
        var reads = Parse(text);
        var words = string.IsNullOrEmpty(text) || (reads.Text == text && reads.Fields.Count == 0) ? text ?? "" : Quoted(text);
        return fields.Aggregate(words, (typed, field) => With(typed, field.Key, field.Value));
    }

    /// <summary>The same search with one field more, as one would type it. A quote that was left open is closed: it would take the field in.</summary>
    public static string With(string? typed, string name, string value)
    {
        var part = $"{(IsPlain(name) ? name : Quoted(name))}={(IsPlain(value) ? value : Quoted(value))}";
        if (string.IsNullOrWhiteSpace(typed))
        {
            return part;
        }

        var before = IsOpen(typed) && Parse(typed) is var read ? Write(read.Text, read.Fields) : typed.Trim();
        return $"{before} {part}";
    }

    /// <summary>Whether a word behind it would be no part of its own.</summary>
    private static bool IsOpen(string typed) => Parts(typed + " word").Count() == Parts(typed).Count();

    private static bool IsPlain(string text) => text.Length > 0 && !text.Any(c => char.IsWhiteSpace(c) || c is '"' or '\\' or '=');

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static IEnumerable<(string? Name, string Value)> Parts(string typed)
    {
        for (var at = 0; at < typed.Length;)
        {
            if (char.IsWhiteSpace(typed[at]))
            {
                at++;
                continue;
            }

            var part = typed[at] == '"' ? ReadValue(typed, ref at) : ReadName(typed, ref at);
            if (at < typed.Length && typed[at] == '=' && part is not null)
            {
                at++;
                yield return (part, ReadValue(typed, ref at));
            }
            else
            {
                yield return (null, part ?? ReadValue(typed, ref at));
            }
        }
    }

    /// <summary>Null, and nothing is read: what begins here is no name.</summary>
    private static string? ReadName(string typed, ref int at)
    {
        var end = at;
        while (end < typed.Length && !char.IsWhiteSpace(typed[end]) && typed[end] is not ('=' or '"'))
        {
            end++;
        }

        if (end == at || end == typed.Length || typed[end] != '=')
        {
            return null;
        }

        var name = typed[at..end];
        at = end;
        return name;
    }

    private static string ReadValue(string typed, ref int at)
    {
        var value = new StringBuilder();
        if (at < typed.Length && typed[at] == '"')
        {
            for (at++; at < typed.Length && typed[at] != '"'; at++)
            {
                at += typed[at] == '\\' && at + 1 < typed.Length ? 1 : 0;
                value.Append(typed[at]);
            }

            at++;
            return value.ToString();
        }

        for (; at < typed.Length && !char.IsWhiteSpace(typed[at]); at++)
        {
            value.Append(typed[at]);
        }

        return value.ToString();
    }
}
