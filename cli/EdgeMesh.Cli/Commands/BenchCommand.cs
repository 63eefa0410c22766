using System.CommandLine;
using EdgeMesh.Cli.Bench;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh bench mesh</c>: the figures that the project states of itself.</summary>
internal sealed class BenchCommand : MeshCommand
{
    public BenchCommand(MeshOptions options, Screen screen)
        : base("bench", "Measures the mesh on this machine", "bench mesh --json", "bench mesh --load ./bundles", "bench functions --json", "bench sidecar", "bench telemetry")
    {
        Add(new Mesh(options, screen));
        Add(new Functions(options, screen));
        Add(new Bare());

        Add(new Sidecar());
        Add(new Anomalies());
        Add(new Telemetry());
    }

    /// <summary>What <c>bench functions</c> starts to compare itself with.</summary>
    private sealed class Bare : Command
    {
        public Bare()
            : base(BareService.CommandName, "An ASP.NET program that echoes")
        {
            Hidden = true;
            SetAction((_, cancellation) => BareService.RunAsync(Console.In, Console.Out, cancellation));
        }
    }

    /// <summary>Stands in the help: the launcher builds and runs the load tests for it.</summary>
    private sealed class Sidecar()
        : MeshCommand("sidecar", "The embedded sidecar beside daprd: CPU for each call, throughput, p99 (needs daprd)", "bench sidecar", "bench sidecar --only invoke --json");

    /// <summary>Stands in the help likewise.</summary>
    private sealed class Anomalies()
        : MeshCommand("anomalies", "The anomaly detector beside simple ones on the Numenta Anomaly Benchmark (needs its data)", "bench anomalies --data ./NAB", "bench anomalies --data ./NAB --json");

    /// <summary>Stands in the help likewise.</summary>
    private sealed class Telemetry()
        : MeshCommand("telemetry", "Logs: rate into the spool, the caller's time, rate of draining into OpenSearch (where it is installed); the monitor's memory; the console's first paint and news (where Chromium is)", "bench telemetry", "bench telemetry --seconds 10 --json");

    private sealed class Functions : MeshCommand
    {
        public Functions(MeshOptions options, Screen screen)
            : base("functions", "A fresh instance for each call, calls over HTTPS at rates, a deploy to three sites, and functions that nobody calls", "bench functions", "bench functions --json --seconds 30")
        {
            var seconds = new Option<int>("--seconds") { Description = "How long each rate is held", DefaultValueFactory = _ => 10 };
            var idle = new Option<int>("--idle") { Description = "How many functions are deployed and not called", DefaultValueFactory = _ => 1_000 };
            var json = new Option<bool>("--json") { Description = "The figures as one line of JSON" };
            Option[] all = [seconds, idle, json];
            foreach (var option in all)
            {
                Add(option);
            }

            SetAction(async (parse, cancellation) => options.Read(parse, screen) is { } place
                ? await new FunctionsBench(screen, parse.GetValue(json), parse.GetValue(seconds), parse.GetValue(idle)).RunAsync(place, cancellation)
                : ExitCode.Failed);
        }
    }

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
