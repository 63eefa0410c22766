using System.Text.RegularExpressions;

namespace EdgeMesh.RepoTests;

/// <summary>A name says what a thing is. Words for "various" collect what nobody can find again.</summary>
internal static partial class NamingRule
{
    public static IEnumerable<string> Folders(IEnumerable<RepositoryFile> files) => files
        .SelectMany(f => f.Path.Split('/')[..^1].Select((folder, depth) => (folder, Path: string.Join('/', f.Path.Split('/')[..(depth + 1)]))))
        .Where(f => EmptyWord().IsMatch(f.folder.Split('.')[^1]))
        .Select(f => $"the folder {f.Path}")
        .Distinct();

    public static IEnumerable<string> Types(IEnumerable<RepositoryFile> files) =>
        from file in files
        where file.IsCSharp
        from Match type in TypeDeclaration().Matches(file.Text)
        where EmptyWord().IsMatch(type.Groups["name"].Value)
        select $"{file.At(type.Index)} declares {type.Groups["name"].Value}";

    [GeneratedRegex(@"(^|[a-z])(Common|Utils?|Utility|Utilities|Helpers?|Managers?|Misc)$")]
    private static partial Regex EmptyWord();

    [GeneratedRegex(@"^[ \t]*(?:(?:public|internal|private|protected|sealed|static|abstract|partial|readonly|file|ref)\s+)*(?:class|interface|enum|struct|record(?:\s+struct|\s+class)?)\s+(?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeDeclaration();
}
