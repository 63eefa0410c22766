namespace EdgeMesh.RepoTests;

/// <summary>Every package has one version, in one place, with a word on why it is here.</summary>
internal static class VersionRule
{
    public static IEnumerable<string> Scattered(IEnumerable<ProjectFile> projects) =>
        from project in projects from package in project.Versioned select $"{project.Path} gives {package} a version of its own; it belongs into Directory.Packages.props";

    public static IEnumerable<string> Repeated(IEnumerable<string> central) =>
        central.GroupBy(p => p).Where(g => g.Count() > 1).Select(g => $"Directory.Packages.props lists {g.Key} {g.Count()} times");

    public static IEnumerable<string> Missing(IEnumerable<ProjectFile> projects, IReadOnlyList<string> central) =>
        from project in projects from package in project.Packages where !central.Contains(package) select $"{project.Path} references {package}, which Directory.Packages.props does not list";

    public static IEnumerable<string> Unused(IEnumerable<ProjectFile> projects, IEnumerable<string> everywhere, IEnumerable<string> central)
    {
        var used = projects.SelectMany(p => p.Packages).Concat(everywhere).ToHashSet();
        return central.Where(p => !used.Contains(p)).Select(p => $"{p} is in Directory.Packages.props, and no project uses it");
    }

    /// <summary>A package is explained by a line that names it in backticks and goes on.</summary>
    public static IEnumerable<string> Unexplained(RepositoryFile decision, IEnumerable<string> central) =>
        central.Where(p => !decision.Lines.Any(l => l.Contains($"`{p}`", StringComparison.Ordinal) && l.Length > p.Length + 20))
            .Select(p => $"{decision.Path} says nothing of {p}");
}
