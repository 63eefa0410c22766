using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Cli.Topology;

/// <summary>A mapping being read strictly: whatever nobody asked for by <see cref="Done"/> is a fault.</summary>
internal sealed class YamlMap(string file, string path, YamlMappingNode node, List<TopologyFault> faults)
{
    private readonly HashSet<string> known = [];

    public string Path => path;

    public int Line => (int)node.Start.Line;

    public int LineOf(string key) => Find(key) is { } value ? (int)value.Start.Line : Line;

    public string KeyOf(string key) => path.Length == 0 ? key : $"{path}.{key}";

    public void Fault(string key, string problem, string mend) => faults.Add(new(file, LineOf(key), KeyOf(key), problem, mend));

    public string Text(string key, string mend) => OptionalText(key) ?? Missing(key, mend);

    public string? OptionalText(string key)
    {
        switch (Take(key))
        {
            case null:
                return null;
            case YamlScalarNode { Value: { Length: > 0 } value }:
                return value;
            case var other:
                faults.Add(new(file, (int)other.Start.Line, KeyOf(key), "must be a text", "Write one value after the colon."));
                return null;
        }
    }

    public int? Number(string key, int minimum, int maximum)
    {
        if (OptionalText(key) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= minimum && value <= maximum)
        {
            return value;
        }

        Fault(key, $"'{text}' is not a whole number from {minimum} to {maximum}", $"Give a number from {minimum} to {maximum}.");
        return null;
    }

    public IReadOnlyList<YamlMap> Maps(string key) =>
        [.. Items(key).Select((item, i) => AsMap(item, $"{KeyOf(key)}[{i}]")).OfType<YamlMap>()];

    public IReadOnlyList<string> Texts(string key)
    {
        var texts = new List<string>();
        foreach (var item in Items(key))
        {
            if (item is YamlScalarNode { Value: { Length: > 0 } value })
            {
                texts.Add(value);
            }
            else
            {
                faults.Add(new(file, (int)item.Start.Line, KeyOf(key), "every item must be a text", "Write it as [one, two]."));
            }
        }

        return texts;
    }

    /// <summary>A mapping of texts with free keys, such as labels.</summary>
    public IEnumerable<KeyValuePair<string, string>> Pairs(string key)
    {
        if (Take(key) is not { } value)
        {
            yield break;
        }

        if (value is not YamlMappingNode map)
        {
            Fault(key, "must be a mapping", "Write it as key: value, one a line.");
            yield break;
        }

        foreach (var (name, text) in map.Children)
        {
            yield return new(name.ToString(), text.ToString());
        }
    }

    /// <summary>Reports every key that was not read.</summary>
    public void Done()
    {
        foreach (var (key, _) in node.Children)
        {
            if (!known.Contains(key.ToString()))
            {
                faults.Add(new(file, (int)key.Start.Line, KeyOf(key.ToString()), "unknown key",
                    $"Known here: {string.Join(", ", known.Order(StringComparer.Ordinal))}."));
            }
        }
    }

    private string Missing(string key, string mend)
    {
        if (Find(key) is null)
        {
            faults.Add(new(file, Line, KeyOf(key), "is missing", mend));
        }

        return string.Empty;
    }

    private IEnumerable<YamlNode> Items(string key)
    {
        switch (Take(key))
        {
            case null:
                return [];
            case YamlSequenceNode list:
                return list.Children;
            default:
                Fault(key, "must be a list", "Begin each item with a hyphen.");
                return [];
        }
    }

    private YamlMap? AsMap(YamlNode item, string itemPath)
    {
        if (item is YamlMappingNode map)
        {
            return new(file, itemPath, map, faults);
        }

        faults.Add(new(file, (int)item.Start.Line, itemPath, "must be a mapping", "Write it as - name: …"));
        return null;
    }

    private YamlNode? Take(string key)
    {
        known.Add(key);
        return Find(key);
    }

    private YamlNode? Find(string key) => node.Children.FirstOrDefault(c => c.Key is YamlScalarNode { Value: { } k } && k == key).Value;
}
