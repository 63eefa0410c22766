using System.CommandLine;
using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh up</c>: the whole mesh of the topology on this machine.</summary>
internal sealed class UpCommand : MeshCommand
{
    private readonly Option<bool> detach = new("--detach", "-d") { Description = "Return when every service is ready; ./edgemesh down stops the mesh" };
    private readonly Option<string> engine = EngineOption();
    private readonly Option<DirectoryInfo?> components = ComponentsOption();
    private readonly Option<int> readyWithin = new("--ready-within") { Description = "Seconds to wait for readiness", DefaultValueFactory = _ => 60 };
    private readonly Option<bool> background = new("--background") { Hidden = true };

    private readonly MeshOptions options;
    private readonly Screen screen;

    public UpCommand(MeshOptions options, Screen screen)
        : base("up", "Starts every site of the topology, shows where they listen, and stops them on Ctrl-C",
            "up", "up -d && ./edgemesh status", "up --components kafka", "up --engine daprd", "up --port-shift 1000 --data-dir /tmp/second-mesh")
    {
        this.options = options;
        this.screen = screen;
        Add(detach);
        Add(engine);
        Add(components);
        Add(readyWithin);
        Add(background);
        SetAction(RunAsync);
    }

    public static Option<string> EngineOption()
    {
        var option = new Option<string>("--engine")
        {
            Description = "embedded: one process a site, nothing to install; daprd: a process and a real sidecar for each service", DefaultValueFactory = _ => MeshPlace.Embedded,
        };
        return option.AcceptOnlyFromAmong(MeshPlace.Embedded, MeshPlace.Daprd);
    }

    public static Option<DirectoryInfo?> ComponentsOption() => new("--components")
    {
        Description = "A folder of Dapr component YAML, or the name of one in components/; default: embedded, for daprd rabbitmq", HelpName = "DIR",
    };

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        if (options.Read(parse, screen)?.On(parse.GetRequiredValue(engine), parse.GetValue(components)?.FullName) is not { } place)
        {
            return ExitCode.Failed;
        }

        if (Refuse(parse, place) is { } refusal)
        {
            return refusal;
        }

        var limit = TimeSpan.FromSeconds(parse.GetValue(readyWithin));
        if (parse.GetValue(background))
        {
            return await UpInBackground.ServeAsync(place, limit, cancellation);
        }

        return parse.GetValue(detach)
            ? await UpInBackground.StartAsync(place, limit, screen, cancellation)
            : await UpInForeground.RunAsync(place, limit, screen, cancellation);
    }

    private int? Refuse(ParseResult parse, MeshPlace place)
    {
        if (place.Engine == MeshPlace.Daprd && DaprPrograms.Missing(place.Topology.Sites.Any(ControlPlane.IsNeeded)) is { Count: > 0 } missingPrograms)
        {
            return screen.Fail($"--engine daprd needs {string.Join(" and ", missingPrograms)}.", DaprPrograms.HowToGet);
        }

        if (!Directory.Exists(place.Components))
        {
            return screen.Fail($"--components: there is no folder {place.Components}.", "Name a folder with Dapr component YAML, or one of components/: embedded, rabbitmq, kafka.", ExitCode.WrongUsage);
        }

        if (UpState.Read(place.Data) is { } running)
        {
            return screen.Fail($"a mesh is up already with {place.Data.Path} (process {running.Pid}).", "See ./edgemesh status, or stop it with ./edgemesh down; --data-dir and --port-shift start another beside it.");
        }

        if (TakenPorts.Find(place.Ports) is { Count: > 0 } taken)
        {
            return screen.Fail($"{taken.Count} port{(taken.Count == 1 ? "" : "s")} of the mesh {(taken.Count == 1 ? "is" : "are")} taken; nothing was started:",
                $"{string.Join("\n  ", taken)}\n  Stop what has them, or move the mesh: --port-shift 1000, or the ports in {Path.GetFileName(place.Topology.File)}.");
        }

        return null;
    }
}
