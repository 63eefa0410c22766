using System.Text;

namespace EdgeMesh.Services.Monitor.Console.Logs;

/// <summary>What was typed into the search field: words to find, and fields with values, as in <c>timeout http.route=/fhir/Patient</c> or
/// <c>user.agent="a b"</c>. A word that is put in quotes is never a field.</summary>
/// <param name="Text">The words; null: none.</param>
/// <param name="Fields">The fields.</param>
internal sealed record LogSearch(string? Text, IReadOnlyDictionary<string, string> Fields)
{
    private const int LengthLimit = 1000;
    private const int FieldLimit = 10;

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

    /// <summary>The same search with one field more, as one would type it.</summary>
    public static string With(string? typed, string name, string value)
    {
        var isPlain = value.Length > 0 && !value.Any(c => char.IsWhiteSpace(c) || c is '"' or '\\');
        var part = isPlain ? $"{name}={value}" : $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
        return string.IsNullOrWhiteSpace(typed) ? part : $"{typed.Trim()} {part}";
    }

    private static IEnumerable<(string? Name, string Value)> Parts(string typed)
    {
        for (var at = 0; at < typed.Length;)
        {
            if (char.IsWhiteSpace(typed[at]))
            {
                at++;
                continue;
            }

            var equals = at;
            while (equals < typed.Length && !char.IsWhiteSpace(typed[equals]) && typed[equals] is not ('=' or '"'))
            {
                equals++;
            }

            var isField = equals > at && equals < typed.Length && typed[equals] == '=';
            var name = isField ? typed[at..equals] : null;
            at = isField ? equals + 1 : at;
            yield return (name, ReadValue(typed, ref at));
        }
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
