namespace EdgeMesh.RepoTests;

/// <summary>The repository that these tests stand in: its text files and projects, without what builds leave behind.</summary>
internal sealed class Repository
{
    private static readonly string[] Ignored = ["bin", "obj", "TestResults", "node_modules", ".git", ".vs", ".idea", ".edgemesh"];
    private static readonly string[] TextEndings =
        [".cs", ".razor", ".csproj", ".props", ".targets", ".sln", ".yaml", ".yml", ".json", ".md", ".sh", ".proto", ".txt", ".ts", ".c", ".py", ".js", ".css"];

    private static readonly Lazy<Repository> Instance = new(Find);

    private Repository(string root)
    {
        Root = root;
        Files = [.. Walk(new DirectoryInfo(root))];
        Projects = [.. Files.Where(f => f.Path.EndsWith(".csproj", StringComparison.Ordinal)).Select(ProjectFile.Parse)];
    }

    public static Repository Here => Instance.Value;

    public string Root { get; }

    public IReadOnlyList<RepositoryFile> Files { get; }

    public IReadOnlyList<ProjectFile> Projects { get; }

    /// <summary>What runs at a site or stands on a developer's disk: not tests.</summary>
    public IEnumerable<RepositoryFile> Shipped => Files.Where(f => f.IsShipped);

    public RepositoryFile? File(string path) => Files.FirstOrDefault(f => f.Path == path);

    private static Repository Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "EdgeMesh.sln")))
            {
                return new Repository(folder.FullName);
            }
        }

        throw new InvalidOperationException($"No EdgeMesh.sln above {AppContext.BaseDirectory}.");
    }

    private IEnumerable<RepositoryFile> Walk(DirectoryInfo folder)
    {
        foreach (var file in folder.EnumerateFiles().Where(IsText))
        {
            var path = Path.GetRelativePath(Root, file.FullName).Replace('\\', '/');
            yield return new RepositoryFile(path, System.IO.File.ReadAllText(file.FullName));
        }

        foreach (var file in folder.EnumerateDirectories().Where(d => !Ignored.Contains(d.Name)).SelectMany(Walk))
        {
            yield return file;
        }
    }

    // A file without an ending is a script here: the launcher, .ci/run.
    private static bool IsText(FileInfo file) => file.Extension.Length == 0 || TextEndings.Contains(file.Extension);
}
