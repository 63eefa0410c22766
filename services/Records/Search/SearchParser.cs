using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Resources;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Search;

/// <summary>Understands the parameters of a search, or says of each that it doesn't.</summary>
internal sealed class SearchParser(SearchParameters parameters, IndexTokens tokens, IOptions<RecordsOptions> options)
{
    private const int ValueLimit = 200;

    /// <param name="type">The resource type.</param>
    /// <param name="query">Decoded names and values.</param>
    /// <param name="lenient">Whether unknown parameters are left out rather than refused.</param>
    /// <param name="ownBase">This server's base address: references may be written in full.</param>
    public (SearchQuery? Query, IReadOnlyList<Issue> Issues) Parse(string type, IEnumerable<KeyValuePair<string, string>> query, bool lenient, string ownBase)
    {
        var (issues, criteria, used, count) = (new List<Issue>(), new List<Criterion>(), new StringBuilder(), options.Value.PageSize);
        foreach (var (name, value) in query.Where(p => p.Key is not "_format" and not "_pretty"))
        {
            if (name == "_count")
            {
                count = ReadCount(value, issues) ?? count;
            }
            else if (ReadCriterion(type, name, value, ownBase) is var (criterion, issue) && criterion is not null)
            {
                criteria.Add(criterion);
            }
            else
            {
                if (!lenient || issue!.Code != "parameter-unknown")
                {
                    issues.Add(issue!);
                }

                continue;
            }

            used.Append(used.Length == 0 ? '?' : '&').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }

        return issues.Count > 0
            ? (null, issues)
            : (new SearchQuery(type, [.. criteria.OrderBy(c => c.Width)]) { Count = count, Used = used.ToString() }, []);
    }

    private int? ReadCount(string value, List<Issue> issues)
    {
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return Math.Min(count, options.Value.PageLimit);
        }

        issues.Add(Wrong("_count", value, "is not a number"));
        return null;
    }

    private (Criterion? Criterion, Issue? Issue) ReadCriterion(string type, string name, string value, string ownBase)
    {
        var values = SplitValues(value).ToArray();
        if (values.Length == 0 || values.Length > ValueLimit || values.Any(v => v.Length == 0))
        {
            return (null, Wrong(name, value, $"needs one to {ValueLimit} values, parted by commas"));
        }

        switch (name)
        {
            case "_id":
                return (new IdCriterion([.. values.Select(Unescape)]), null);
            case "_lastUpdated":
                return Dates(name, values, tests => new UpdatedCriterion(tests));
            case var _ when parameters.Find(type, name) is { } parameter:
                return ReadKnown(type, parameter, values, ownBase);
            default:
                return (null, Unknown(type, name));
        }
    }

    private (Criterion? Criterion, Issue? Issue) ReadKnown(string type, SearchParameter parameter, string[] values, string ownBase) => parameter.Kind switch
    {
        ParameterKind.Date => Dates(parameter.Name, values, tests => new DateCriterion(tests)),
        ParameterKind.Name => Names(type, parameter, values),
        ParameterKind.Reference => (new TokenCriterion([.. values.Select(v => Reference(type, parameter, Unescape(v), ownBase))], 20), null),
        _ => (new TokenCriterion([.. values.Select(v => Token(type, parameter, v))], Rank(parameter.Name)), null),
    };

    private static int Rank(string parameter) => parameter switch { "identifier" => 10, "code" => 40, "category" => 60, _ => 70 };

    private static (Criterion? Criterion, Issue? Issue) Dates(string name, string[] values, Func<ImmutableArray<DateTest>, Criterion> make)
    {
        var tests = ImmutableArray.CreateBuilder<DateTest>(values.Length);
        foreach (var value in values)
        {
            if (!DateTest.TryParse(value, out var test))
            {
                return (null, Wrong(name, value, "is not a date; write for example ge2024-01-31 (prefixes: eq ne gt lt ge le sa eb)"));
            }

            tests.Add(test);
        }

        return (make(tests.ToImmutable()), null);
    }

    private (Criterion? Criterion, Issue? Issue) Names(string type, SearchParameter parameter, string[] values)
    {
        var folded = values.Select(v => TextFolding.Fold(Unescape(v))).ToArray();
        return folded.Any(f => f.Length == 0)
            ? (null, Wrong(parameter.Name, string.Join(',', values), "has no letter or digit to search for"))
            : (new NameCriterion([.. folded.Select(f => (tokens.Prefix(type, parameter.Name, f[..Math.Min(f.Length, IndexTokens.PrefixLimit)]), f))]), null);
    }

    private long Token(string type, SearchParameter parameter, string value)
    {
        var bar = FindBar(value);
        if (bar < 0)
        {
            return tokens.Code(type, parameter.Name, Unescape(value));
        }

        string system = Unescape(value[..bar]), code = Unescape(value[(bar + 1)..]);
        return code.Length == 0 ? tokens.System(type, parameter.Name, system) : tokens.SystemAndCode(type, parameter.Name, system, code);
    }

    private long Reference(string type, SearchParameter parameter, string value, string ownBase)
    {
        var local = value.StartsWith(ownBase + "/", StringComparison.Ordinal) ? value[(ownBase.Length + 1)..] : value;
        if (LocalReference.IsId(local))
        {
            return parameter.SoleTarget is { } target
                ? tokens.Reference(type, parameter.Name, $"{target}/{local}")
                : tokens.ReferenceId(type, parameter.Name, local);
        }

        return tokens.Reference(type, parameter.Name, local);
    }

    private Issue Unknown(string type, string name)
    {
        var plain = name.Split(':', '.')[0];
        var known = string.Join(", ", (string[])["_id", "_lastUpdated", "_count", .. parameters.Of(type).Select(p => p.Name)]);
        var what = plain != name && (plain is "_id" or "_lastUpdated" || parameters.Find(type, plain) is not null)
            ? $"'{name}': modifiers and chains are not supported here."
            : $"'{name}' is not a search parameter of {type} here.";
        return new Issue("not-supported", "parameter-unknown", $"{what} Known: {known}. With 'Prefer: handling=lenient' unknown ones are left out.");
    }

    private static Issue Wrong(string name, string value, string why) =>
        new("value", "parameter-invalid", $"The parameter {name}={value} {why}.");

    /// <summary>At commas that are not escaped; the pieces are still escaped.</summary>
    private static IEnumerable<string> SplitValues(string value)
    {
        var start = 0;
        for (var i = 0; i <= value.Length; i++)
        {
            if (i == value.Length || value[i] == ',')
            {
                yield return value[start..i];
                start = i + 1;
            }
            else if (value[i] == '\\')
            {
                i = Math.Min(i + 1, value.Length - 1);
            }
        }
    }

    private static int FindBar(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] == '|')
            {
                return i;
            }

            i += value[i] == '\\' ? 1 : 0;
        }

        return -1;
    }

    private static string Unescape(string value)
    {
        if (!value.Contains('\\', StringComparison.Ordinal))
        {
            return value;
        }

        var plain = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            i += value[i] == '\\' && i + 1 < value.Length ? 1 : 0;
            plain.Append(value[i]);
        }

        return plain.ToString();
    }
}
