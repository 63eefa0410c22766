namespace EdgeMesh.RepoTests;

/// <summary>A file is read in one sitting; a program's start fits a screen.</summary>
internal static class SizeRule
{
    private const int FileLimit = 500;
    private const int ProgramLimit = 30;
    private static readonly string[] Endings = [".cs", ".razor", ".proto", ".sh", ".py", ".ts", ".js", ".c", ".yaml"];

    public static IEnumerable<string> TooLong(IEnumerable<RepositoryFile> files) => files
        .Where(f => (Endings.Any(e => f.Path.EndsWith(e, StringComparison.Ordinal)) || !f.Name.Contains('.')) && f.Lines.Length > FileLimit)
        .Select(f => $"{f.Path} has {f.Lines.Length} lines, over {FileLimit}");

    public static IEnumerable<string> TooLongPrograms(IEnumerable<RepositoryFile> files) => files
        .Where(f => f.Name == "Program.cs" && f.Lines.Length > ProgramLimit)
        .Select(f => $"{f.Path} has {f.Lines.Length} lines, over {ProgramLimit}");
}
