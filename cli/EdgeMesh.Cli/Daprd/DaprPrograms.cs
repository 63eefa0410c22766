using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Cli.Daprd;

/// <summary>Dapr's own programs: in the folder EDGEMESH_ENGINES, on PATH, or where <c>dapr init</c> puts them.</summary>
internal static class DaprPrograms
{
    public const string Daprd = "daprd";
    public const string Sentry = "sentry";
    public const string Placement = "placement";
    public const string Scheduler = "scheduler";

    public const string HowToGet =
        "Put Dapr's programs on PATH (dapr init --slim), or set EDGEMESH_ENGINES to the folder with dapr/daprd. Without --engine nothing is needed.";

    /// <summary>What a site needs and has not.</summary>
    /// <param name="withActors">Whether a service of it hosts actors.</param>
    public static IReadOnlyList<string> Missing(bool withActors) =>
        [.. ((string[])[Daprd, Sentry, .. withActors ? (string[])[Placement, Scheduler] : []]).Where(p => Find(p) is null)];

    public static string? Find(string program)
    {
        var environment = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var folders = new List<string>();
        if (environment["EDGEMESH_ENGINES"] is { Length: > 0 } engines)
        {
            folders.AddRange([Path.Combine(engines, "dapr"), engines]);
        }

        folders.AddRange((environment["PATH"] ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries));
        folders.Add(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dapr", "bin"));
        return folders.Select(f => Path.Combine(f, program)).FirstOrDefault(File.Exists);
    }
}
