using System.CommandLine;
using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh run-file SITE</c>: the site as a file for <c>dapr run -f</c>.</summary>
internal sealed class RunFileCommand : MeshCommand
{
    public RunFileCommand(MeshOptions options, Screen screen)
        : base("run-file", "Prints a site of the topology as a multi-app run file of the Dapr CLI", "run-file core > dapr.yaml && dapr run -f .", "run-file clinic-a > clinic-a.yaml")
    {
        var name = new Argument<string>("SITE") { Description = "A site of the topology" };
        Add(name);
        SetAction(parse =>
        {
            if (options.Read(parse, screen) is not { } place)
            {
                return ExitCode.Failed;
            }

            if (place.Topology.FindSite(parse.GetRequiredValue(name)) is not { } site)
            {
                return screen.NoSuchSite(parse.GetRequiredValue(name), place.Topology);
            }

            screen.Output.Write(RunFile.Write(place.Topology, site));
            return ExitCode.Done;
        });
    }
}
