using System.Text.RegularExpressions;

namespace EdgeMesh.RepoTests;

/// <summary>Everything is where a newcomer looks for it.</summary>
internal static partial class HouseRule
{
    private const string Decisions = "docs/decisions/";

    public static IEnumerable<string> OutsideSolution(IEnumerable<ProjectFile> projects, RepositoryFile solution) =>
        projects.Where(p => !solution.Text.Replace('\\', '/').Contains($"\"{p.Path}\"", StringComparison.Ordinal)).Select(p => $"{p.Path} is not in EdgeMesh.sln");

    public static IEnumerable<string> GhostsInSolution(IEnumerable<ProjectFile> projects, RepositoryFile solution)
    {
        var paths = projects.Select(p => p.Path).ToHashSet();
        return SolutionProject().Matches(solution.Text).Select(m => m.Groups["path"].Value.Replace('\\', '/'))
            .Where(p => !paths.Contains(p)).Select(p => $"EdgeMesh.sln lists {p}, which is not there");
    }

    /// <summary><c>EdgeMesh.X.Tests</c> tests <c>EdgeMesh.X</c>; suites over several projects end in <c>Tests</c> without a dot.</summary>
    public static IEnumerable<string> TestsOfNothing(IReadOnlyList<ProjectFile> projects) => projects
        .Where(p => p.Layer == Layer.Tests && p.Name.EndsWith(".Tests", StringComparison.Ordinal) && projects.All(q => q.Name != p.Name[..^".Tests".Length]))
        .Select(p => $"{p.Path} mirrors no project");

    public static IEnumerable<string> ProjectsWithoutTests(IReadOnlyList<ProjectFile> projects) => projects
        .Where(p => p.Layer is Layer.Cli or Layer.Services or Layer.Framework && projects.All(q => q.Path != $"tests/{p.Name}.Tests/{p.Name}.Tests.csproj"))
        .Select(p => $"{p.Path} has no tests/{p.Name}.Tests");

    public static IEnumerable<string> MisnamedDecisions(IEnumerable<string> paths)
    {
        var decisions = paths.Where(p => p.StartsWith(Decisions, StringComparison.Ordinal)).Select(p => p[Decisions.Length..]).ToArray();
        return decisions.Where(d => !DecisionName().IsMatch(d)).Select(d => $"{Decisions}{d} is not named NNNN-title.md")
            .Concat(decisions.GroupBy(d => d.Split('-')[0]).Where(g => g.Count() > 1).Select(g => $"{string.Join(" and ", g)} share a number"));
    }

    [GeneratedRegex(@"""(?<path>[^""]+\.csproj)""")]
    private static partial Regex SolutionProject();

    [GeneratedRegex(@"^\d{4}(-[a-z0-9]+)+\.md$")]
    private static partial Regex DecisionName();
}
