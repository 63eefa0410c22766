using System.Text.RegularExpressions;

namespace EdgeMesh.RepoTests;

/// <summary>What is shipped is finished: no stubs, no notes to oneself, no warning switched off without a reason.</summary>
internal static partial class UnfinishedRule
{
    public static IEnumerable<string> Stubs(IEnumerable<RepositoryFile> files) =>
        from file in files from Match stub in Stub().Matches(file.Text) select $"{file.At(stub.Index)} has {stub.Value}";

    public static IEnumerable<string> SilentPragmas(IEnumerable<RepositoryFile> files) =>
        from file in files
        where file.IsCSharp
        from Match pragma in Pragma().Matches(file.Text)
        where !pragma.Value.Contains("//", StringComparison.Ordinal)
        select $"{file.At(pragma.Index)} switches a warning off without saying why on the same line";

    public static IEnumerable<string> PathsOfOneMachine(IEnumerable<RepositoryFile> files) =>
        from file in files from Match path in MachinePath().Matches(file.Text) select $"{file.At(path.Index)} names {path.Value}";

    [GeneratedRegex(@"NotImplementedException|\bTODO\b|\bFIXME\b|\bHACK\b|\bXXX\b")]
    private static partial Regex Stub();

    [GeneratedRegex(@"^[ \t]*#pragma warning disable[^\n]*", RegexOptions.Multiline)]
    private static partial Regex Pragma();

    [GeneratedRegex(@"(?<![\w./-])/(work|root|tmp/engines)/[\w.-]+")]
    private static partial Regex MachinePath();
}
