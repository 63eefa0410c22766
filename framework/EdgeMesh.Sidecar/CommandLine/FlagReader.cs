using System.Globalization;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>Reads daprd's command line: one dash or two, <c>=</c> or a blank before the value, lists by commas or by repetition.</summary>
internal sealed class FlagReader
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    /// <summary>Where flags stand that were read from a file, in words for messages.</summary>
    private readonly Dictionary<string, string> _places = new(StringComparer.Ordinal);

    private FlagReader(List<string> faults) => Faults = faults;

    public List<string> Faults { get; }

    /// <summary>Without flags; they come one by one.</summary>
    public static FlagReader Empty(List<string> faults) => new(faults);

    /// <summary>As a message names a flag: with its dashes, or with file, line and key.</summary>
    public string Called(string flag) => _places.GetValueOrDefault(flag) ?? "--" + flag;

    /// <summary>The names of the flags that are given.</summary>
    public IEnumerable<string> Given => _values.Keys;

    public static FlagReader Read(IReadOnlyList<string> args)
    {
        var reader = new FlagReader([]);
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith('-') || args[i].TrimStart('-').Length == 0)
            {
                reader.Faults.Add($"'{args[i]}' is no flag. Flags begin with --.");
                continue;
            }

            var text = args[i].StartsWith("--", StringComparison.Ordinal) ? args[i][2..] : args[i][1..];
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? text : text[..equals];
            if (!FlagTable.All.TryGetValue(name switch { "h" => "help", "f" => "run-file", _ => name }, out var flag))
            {
                reader.Faults.Add($"--{name} is not a flag of daprd. See edgemesh sidecar --help.");
                i += equals < 0 && i + 1 < args.Count && !args[i + 1].StartsWith('-') ? 1 : 0;
                continue;
            }

            i += reader.Take(flag, equals < 0 ? null : text[(equals + 1)..], i + 1 < args.Count ? args[i + 1] : null);
        }

        return reader;
    }

    /// <returns>How many further arguments it took.</returns>
    private int Take(Flag flag, string? value, string? next)
    {
        var taken = 0;
        if (value is null && flag.IsSwitch)
        {
            taken = next is "true" or "false" ? 1 : 0;
            value = taken == 1 ? next : "true";
        }
        else if (value is null && next is not null && (!next.StartsWith('-') || int.TryParse(next, out _)))
        {
            (taken, value) = (1, next);
        }

        if (value is null)
        {
            Faults.Add($"--{flag.Name} needs a value: --{flag.Name} VALUE.");
        }
        else
        {
            Add(flag, value);
        }

        return taken;
    }

    /// <param name="name">A flag of the table.</param>
    /// <param name="value">Its value.</param>
    /// <param name="place">Where it stands, in words for messages.</param>
    public void Add(string name, string value, string place)
    {
        _places[name] = place;
        Add(FlagTable.All[name], value);
    }

    private void Add(Flag flag, string given)
    {
        if (Read(flag, given) is not { } value)
        {
            Faults.Add($"{Called(flag.Name)} must be {flag.Value switch { FlagValue.Switch => "true or false", FlagValue.Number => "a number", _ => "a duration such as 30s" }}, and is '{given}'.");
        }
        else if (flag.Use == FlagUse.Refused && !flag.Idle.Contains(value, StringComparer.Ordinal))
        {
            Faults.Add($"{Called(flag.Name)} {value}: the embedded engine does not have this. Leave it out, or run daprd.");
        }
        else
        {
            (_values.TryGetValue(flag.Name, out var values) ? values : _values[flag.Name] = []).Add(value);
        }
    }

    /// <summary>Null: it does not look as it must.</summary>
    private static string? Read(Flag flag, string given) => flag.Value switch
    {
        FlagValue.Switch => given is "1" or "t" or "T" or "TRUE" or "true" or "True" ? "true" : given is "0" or "f" or "F" or "FALSE" or "false" or "False" ? "false" : null,
        FlagValue.Number => int.TryParse(given, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? given : null,
        FlagValue.Duration => GoDuration.TryParse(given, out _) ? given : null,
        _ => given,
    };

    /// <summary>The last one given, as with daprd.</summary>
    public string? this[string name] => _values.TryGetValue(name, out var values) ? values[^1] : null;

    public bool Is(string name) => this[name] == "true";

    public IReadOnlyList<string> List(string name) =>
        _values.TryGetValue(name, out var values)
            ? [.. values.SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))]
            : [];

    /// <summary>A port, or the default where the flag is not given.</summary>
    public int? Port(string name, int? otherwise)
    {
        if (this[name] is not { Length: > 0 } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, out var port) && port is >= 0 and <= 65535)
        {
            return port;
        }

        Faults.Add($"{Called(name)} must be a port (0 to 65535), and is '{text}'.");
        return otherwise;
    }

    /// <summary>A number of 1 or more, or the default where the flag is not given.</summary>
    public int Count(string name, int otherwise)
    {
        if (this[name] is not { Length: > 0 } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, out var count) && count > 0)
        {
            return count;
        }

        Faults.Add($"{Called(name)} must be a number of 1 or more, and is '{text}'.");
        return otherwise;
    }
}
