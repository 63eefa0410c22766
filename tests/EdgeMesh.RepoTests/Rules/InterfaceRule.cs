using System.Text.RegularExpressions;

namespace EdgeMesh.RepoTests;

/// <summary>An interface is there because two types implement it, the in-memory one of tests included; else the class itself will do. An
/// actor has one because Dapr finds its methods there.</summary>
internal static partial class InterfaceRule
{
    public static IEnumerable<string> TooFewImplementations(IReadOnlyList<RepositoryFile> files)
    {
        var bases = files.Where(f => f.IsCSharp).SelectMany(f => Type().Matches(f.Text)).Select(m => m.Groups["bases"].Value).ToArray();
        return from file in files
               where file.IsShipped && file.IsCSharp
               from Match declared in Interface().Matches(file.Text)
               let name = declared.Groups["name"].Value
               let count = bases.Count(b => Regex.IsMatch(b, $@"\b{name}\b"))
               where count < 2
               select $"{file.At(declared.Index)} declares {name}, which {count} types implement";
    }

    [GeneratedRegex(@"\binterface (?<name>I\w+)(?!\w*\s*:\s*IActor\b)")]
    private static partial Regex Interface();

    [GeneratedRegex(@"\b(?:class|record|struct) \w+[^{;:]*:(?<bases>[^{;]*)")]
    private static partial Regex Type();
}
