using System.CommandLine;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh status</c>: how the mesh is. 0: every service is ready; 1: not.</summary>
internal sealed class StatusCommand : MeshCommand
{
    public StatusCommand(MeshOptions options, Screen screen)
        : base("status", "Shows every site, service and link (exit code 0: all ready; 1: not)", "status", "status --json")
    {
        var json = new Option<bool>("--json") { Description = "One line of JSON for programs" };
        Add(json);
        SetAction(async (parse, cancellation) =>
        {
            if (options.Read(parse, screen) is not { } place)
            {
                return ExitCode.Failed;
            }

            var answer = await ControlClient.AskAsync(place.Data, new("status"), cancellation);
            var status = answer?.Status ?? Nothing(place.Topology);
            if (parse.GetValue(json))
            {
                screen.JsonLine(status);
            }
            else if (answer is null)
            {
                return screen.Fail($"no mesh is up with {place.Data.Path}.", "Start it with ./edgemesh up -d");
            }
            else
            {
                MeshTable.Print(screen, status, place);
            }

            return status.Sites.All(s => s.State == "ready") ? ExitCode.Done : ExitCode.Failed;
        });
    }

    private static MeshStatus Nothing(MeshTopology topology) =>
        new([.. topology.Sites.Select(site => new SiteStatus(site.Name, "down", topology.PublicUrl(site).ToString().TrimEnd('/'), null, 0,
            [.. site.Services.Select(s => new ServiceStatus(s, $"http://127.0.0.1:{topology.AppPort(site, s)}", false))]))], []);
}
