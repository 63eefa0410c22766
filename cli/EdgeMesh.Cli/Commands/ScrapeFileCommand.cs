using System.Text.Json;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh scrape-file</c>: where Prometheus finds <c>/metrics</c> of every service of the topology.</summary>
internal sealed class ScrapeFileCommand : MeshCommand
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public ScrapeFileCommand(MeshOptions options, Screen screen)
        : base("scrape-file", "Prints the services of the topology as a target file of Prometheus (file_sd)", "scrape-file > infra/prometheus/sites.json") =>
        SetAction(parse =>
        {
            if (options.Read(parse, screen) is not { } place)
            {
                return ExitCode.Failed;
            }

            screen.Line(JsonSerializer.Serialize(Targets(place.Topology), Indented));
            return ExitCode.Done;
        });

    internal static IEnumerable<ScrapeTarget> Targets(MeshTopology topology) =>
        from site in topology.Sites
        from service in site.Services
        select new ScrapeTarget([$"127.0.0.1:{topology.AppPort(site, service)}"], new() { ["site"] = site.Name, ["service"] = service });

    /// <summary>One entry of such a file.</summary>
    internal sealed record ScrapeTarget(string[] Targets, Dictionary<string, string> Labels);
}
