using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Services.Monitor.Alerting.Rules;

/// <summary>A mapping of the file, read strictly: whatever nobody asked for by <see cref="Done"/> is a fault.</summary>
internal sealed class RuleMap(string file, string path, YamlMappingNode node, List<string> faults)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public bool Has(string key) => Find(key) is not null;

    public void Fault(string key, string what) => faults.Add($"{file}:{(Find(key) ?? node).Start.Line}: '{Name(key)}' {what}");

    public string Text(string key, string what)
    {
        if (OptionalText(key) is { } text)
        {
            return text;
        }

        if (!Has(key))
        {
            Fault(key, $"is missing: give {what}.");
        }

        return "";
    }

    public string? OptionalText(string key)
    {
        switch (Take(key))
        {
            case null:
                return null;
            case YamlScalarNode { Value: { Length: > 0 } value }:
                return value;
            default:
                Fault(key, "must be a text: one value after the colon.");
                return null;
        }
    }

    /// <summary>A list of texts, or one text.</summary>
    public IReadOnlyList<string> Texts(string key)
    {
        switch (Take(key))
        {
            case null:
                return [];
            case YamlScalarNode { Value: { Length: > 0 } one }:
                return [one];
            case YamlSequenceNode list when list.Children.All(c => c is YamlScalarNode { Value.Length: > 0 }):
                return [.. list.Children.Select(c => ((YamlScalarNode)c).Value!)];
            default:
                Fault(key, "must be a list of texts, such as [one, two].");
                return [];
        }
    }

    /// <summary>A mapping of texts with free keys.</summary>
    public IEnumerable<KeyValuePair<string, string>> Pairs(string key)
    {
        switch (Take(key))
        {
            case null:
                return [];
            case YamlMappingNode map when map.Children.All(c => c is { Key: YamlScalarNode, Value: YamlScalarNode }):
                return map.Children.Select(c => new KeyValuePair<string, string>(c.Key.ToString(), c.Value.ToString())).DistinctBy(p => p.Key);
            default:
                Fault(key, "must be a mapping of texts: key: value, one a line.");
                return [];
        }
    }

    public RuleMap? Map(string key)
    {
        switch (Take(key))
        {
            case null:
                return null;
            case YamlMappingNode map:
                return new(file, Name(key), map, faults);
            default:
                Fault(key, "must be a mapping: keys and values below it, or in { }.");
                return null;
        }
    }

    public IEnumerable<RuleMap> Maps(string key)
    {
        if (Take(key) is not { } value)
        {
            return [];
        }

        if (value is YamlSequenceNode list && list.Children.All(c => c is YamlMappingNode))
        {
            return list.Children.Select((item, i) => new RuleMap(file, $"{Name(key)}[{i}]", (YamlMappingNode)item, faults));
        }

        Fault(key, "must be a list of mappings: begin each with a hyphen.");
        return [];
    }

    /// <summary>Such as <c>90s</c>, <c>5m</c>, <c>4h</c>, <c>1d</c>.</summary>
    public TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan most)
    {
        if (OptionalText(key) is not { } text)
        {
            return otherwise;
        }

        if (Durations.TryRead(text, out var duration) && duration <= most)
        {
            return duration;
        }

        Fault(key, $"is '{text}': give a time such as 90s, 5m, 4h or 1d, at most {Durations.Write(most)}.");
        return otherwise;
    }

    public double Number(string key, double otherwise, double least, double most)
    {
        if (OptionalText(key) is not { } text)
        {
            return otherwise;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Fault(key, string.Create(CultureInfo.InvariantCulture, $"is '{text}': give a number from {least} to {most}."));
        return otherwise;
    }

    /// <summary>A share, written with a percent sign.</summary>
    public double Percent(string key)
    {
        if (OptionalText(key) is not { } text)
        {
            return 0;
        }

        if (text.EndsWith('%') && double.TryParse(text[..^1], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 1000)
        {
            return number / 100;
        }

        Fault(key, $"is '{text}': give a share such as 10%.");
        return 0;
    }

    public T Choice<T>(string key, T otherwise)
        where T : struct, Enum
    {
        if (OptionalText(key) is not { } text)
        {
            return otherwise;
        }

        if (TryChoice<T>(text, out var choice))
        {
            return choice;
        }

        Fault(key, $"is '{text}': give one of {Choices<T>()}.");
        return otherwise;
    }

    public IReadOnlyList<T> SeveralOf<T>(string key)
        where T : struct, Enum
    {
        var chosen = new List<T>();
        foreach (var text in Texts(key))
        {
            if (TryChoice<T>(text, out var choice))
            {
                chosen.Add(choice);
            }
            else
            {
                Fault(key, $"has '{text}': give one or more of {Choices<T>()}.");
            }
        }

        return chosen;
    }

    public bool Flag(string key, bool otherwise)
    {
        switch (OptionalText(key))
        {
            case null:
                return otherwise;
            case "true":
                return true;
            case "false":
                return false;
            case var text:
                Fault(key, $"is '{text}': give true or false.");
                return otherwise;
        }
    }

    /// <summary>The one of these keys that is there; null, with a fault, where there is none or more than one.</summary>
    public string? OneOf(params string[] keys)
    {
        _known.UnionWith(keys);
        var there = keys.Where(Has).ToArray();
        if (there.Length == 1)
        {
            return there[0];
        }

        faults.Add($"{file}:{node.Start.Line}: '{path}' must have one of {string.Join(", ", keys)}{(there.Length == 0 ? "" : $", and has {string.Join(", ", there)}")}.");
        return null;
    }

    /// <summary>Reports every key that was not read.</summary>
    public void Done()
    {
        foreach (var (key, _) in node.Children)
        {
            if (!_known.Contains(key.ToString()))
            {
                faults.Add($"{file}:{key.Start.Line}: '{Name(key.ToString())}' is not known here; known are {string.Join(", ", _known.Order(StringComparer.Ordinal))}.");
            }
        }
    }

    private static bool TryChoice<T>(string text, out T choice)
        where T : struct, Enum
    {
        choice = default;
        return !char.IsAsciiDigit(text[0]) && !text.Contains(',', StringComparison.Ordinal) && Enum.TryParse(text, ignoreCase: true, out choice);
    }

    private static string Choices<T>()
        where T : struct, Enum => string.Join(", ", Enum.GetNames<T>().Select(n => char.ToLowerInvariant(n[0]) + n[1..]));

    private string Name(string key) => path.Length == 0 ? key : $"{path}.{key}";

    private YamlNode? Take(string key)
    {
        _known.Add(key);
        return Find(key);
    }

    private YamlNode? Find(string key) => node.Children.FirstOrDefault(c => c.Key is YamlScalarNode { Value: { } name } && name == key).Value;
}
