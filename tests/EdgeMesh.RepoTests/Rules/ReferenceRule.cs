namespace EdgeMesh.RepoTests;

/// <summary>Who may know whom: cli, then services, then framework; libraries of the framework do not know each other.</summary>
internal static class ReferenceRule
{
    private const string Hosting = "EdgeMesh.Hosting";
    private const string Telemetry = "EdgeMesh.Telemetry";
    private const string Testing = "EdgeMesh.Testing";
    private const string Sidecar = "EdgeMesh.Sidecar";

    public static IEnumerable<string> Violations(IReadOnlyList<ProjectFile> projects)
    {
        var byName = projects.ToDictionary(p => p.Name);
        return from project in projects
               from name in project.Projects
               let fault = byName.TryGetValue(name, out var target) ? Fault(project, target) : "which is in no folder of this repository"
               where fault is not null
               select $"{project.Path} references {name}, {fault}";
    }

    private static string? Fault(ProjectFile from, ProjectFile to) => from.Layer switch
    {
        Layer.Tests or Layer.LoadTests => null,
        _ when to.Name == Testing => "which is for tests and loadtests alone",
        Layer.Cli => to.Layer is Layer.Services or Layer.Framework ? null : "and the command line uses services and framework alone",
        Layer.Services when to.Layer == Layer.Services => "and services talk through Dapr, never by reference",
        Layer.Services when to.Name == Sidecar => "and a service knows only Dapr, not who serves it",
        Layer.Services or Layer.Samples => to.Layer == Layer.Framework ? null : "and services use the framework alone",
        Layer.Framework => IsAllowed(from.Name, to.Name) ? null : "and libraries of the framework do not know each other (but for Hosting, and Testing)",
        _ => "and projects live in cli, services, framework, samples, loadtests or tests",
    };

    private static bool IsAllowed(string from, string to) => from switch
    {
        Hosting => to == Telemetry,
        Telemetry => false,
        Testing => to is Sidecar or Hosting,
        _ => to == Hosting,
    };
}
