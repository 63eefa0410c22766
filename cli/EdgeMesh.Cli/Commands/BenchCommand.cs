using System.CommandLine;
using EdgeMesh.Cli.Bench;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh bench mesh</c>: the figures that the project states of itself.</summary>
internal sealed class BenchCommand : MeshCommand
{
    public BenchCommand(MeshOptions options, Screen screen)
        : base("bench", "Measures the mesh on this machine", "bench mesh --json", "bench mesh --load ./bundles", "bench sidecar", "bench telemetry")
    {
        Add(new Mesh(options, screen));

        Add(new Sidecar());
        Add(new Telemetry());
    }

    /// <summary>Stands in the help: the launcher builds and runs the load tests for it.</summary>
    private sealed class Sidecar()
        : MeshCommand("sidecar", "The embedded sidecar beside daprd: CPU for each call, throughput, p99 (needs daprd)", "bench sidecar", "bench sidecar --only invoke --json");

    /// <summary>Stands in the help likewise.</summary>
    private sealed class Telemetry()
        : MeshCommand("telemetry", "Logs: rate into the spool, the caller's time, rate of draining into OpenSearch (where it is installed)", "bench telemetry", "bench telemetry --seconds 10 --json");

    private sealed class Mesh : MeshCommand
    {
        public Mesh(MeshOptions options, Screen screen)
            : base("mesh", "Second start of all sites until every service is ready, memory 10 s later, and with --load the rate of loading a folder",
                "bench mesh", "bench mesh --load ./bundles --json")
        {
            var load = new Option<DirectoryInfo?>("--load") { Description = "A folder of FHIR transaction bundles, loaded into one site", HelpName = "DIR" };
            var site = new Option<string?>("--site") { Description = "The site that takes them; default: the first that is not the core" };
            var parallel = new Option<int>("--parallel") { Description = "Bundles underway at once", DefaultValueFactory = _ => 2 };
            var json = new Option<bool>("--json") { Description = "The figures as one line of JSON" };
            Option[] all = [load, site, parallel, json];
            foreach (var option in all)
            {
                Add(option);
            }

            SetAction(async (parse, cancellation) =>
            {
                if (options.Read(parse, screen) is not { } place)
                {
                    return ExitCode.Failed;
                }

                if (parse.GetValue(load) is { Exists: false } missing)
                {
                    return screen.Fail($"--load: there is no folder {missing.FullName}.", "Name a folder of FHIR transaction bundles.", ExitCode.WrongUsage);
                }

                var bench = new MeshBench(screen, parse.GetValue(json), parse.GetValue(load)?.FullName, parse.GetValue(site), parse.GetValue(parallel));
                return await bench.RunAsync(place, cancellation);
            });
        }
    }
}
