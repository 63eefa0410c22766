using System.CommandLine;
using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Demo;
using EdgeMesh.Cli.Demo.Patients;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh demo</c>: the story of the mesh, told by doing it.</summary>
internal sealed class DemoCommand : MeshCommand
{
    private const int Seed = 1;
    private const int Patients = 20;

    private readonly Option<DirectoryInfo?> data = new("--data") { Description = "A folder of FHIR transaction bundles; default: patients made up on the spot", HelpName = "DIR" };
    private readonly Option<bool> json = new("--json") { Description = "One line of JSON for each step" };
    private readonly Option<string?> steps = new("--steps") { Description = "Only these steps and those that they go on with, by name, such as consent", HelpName = "NAMES" };
    private readonly Option<string> engine = UpCommand.EngineOption();
    private readonly Option<DirectoryInfo?> components = UpCommand.ComponentsOption();
    private readonly Option<bool> keep = new("--keep") { Description = "Leave the mesh running, and say how to use it" };

    private readonly MeshOptions options;
    private readonly Screen screen;

    public DemoCommand(MeshOptions options, Screen screen)
        : base("demo", "Three sites live through a story: load, race, refuse, share, lose a link, be killed, prove",
            "demo", "demo --data ./bundles", "demo --json", "demo --keep")
    {
        this.options = options;
        this.screen = screen;
        Add(data);
        Add(json);
        Add(keep);
        Add(steps);
        Add(engine);
        Add(components);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        if (options.Read(parse, screen)?.On(parse.GetRequiredValue(engine), parse.GetValue(components)?.FullName) is not { } house)
        {
            return ExitCode.Failed;
        }

        if (parse.GetValue(data) is { } given && (!given.Exists || given.GetFiles("*.json").Length == 0))
        {
            return screen.Fail($"--data: {given.FullName} {(given.Exists ? "holds no *.json" : "does not exist")}.", "Name a folder of FHIR transaction bundles, or leave --data away.", ExitCode.WrongUsage);
        }

        if (house.Engine == MeshPlace.Daprd && DaprPrograms.Missing(house.Topology.Sites.Any(ControlPlane.IsNeeded)) is { Count: > 0 } missing)
        {
            return screen.Fail($"--engine daprd needs {string.Join(" and ", missing)}.", DaprPrograms.HowToGet);
        }

        var names = parse.GetValue(steps)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [.. DemoStory.All.Select(s => s.Name)];
        if (names.Except(DemoStory.All.Select(s => s.Name)).ToList() is { Count: > 0 } unknown)
        {
            return screen.Fail($"--steps: there is no step '{string.Join("', '", unknown)}'.", $"Steps: {string.Join(", ", DemoStory.All.Select(s => s.Name))}.", ExitCode.WrongUsage);
        }

        var told = DemoStory.Select(names);
        if (TemporaryMesh.Create(house) is not { } place)
        {
            return screen.Fail("no block of ports is free for the story's mesh.", "Stop other meshes: ./edgemesh down");
        }

        var failed = 0;
        try
        {
            var records = parse.GetValue(data)?.FullName ?? Generate(place);
            using var mesh = new DemoMesh(place, records, TimeProvider.System);
            var story = new DemoStory(told, screen, parse.GetValue(json));
            failed = await story.RunAsync(mesh, cancellation);
            End(parse, mesh, told.Count, failed);
            return failed == 0 ? ExitCode.Done : ExitCode.Failed;
        }
        finally
        {
            await CleanUpAsync(place, parse.GetValue(keep), failed);
        }
    }

    private static string Generate(MeshPlace place)
    {
        var folder = Path.Combine(place.Data.Path, "bundles");
        PatientGenerator.WriteFolder(folder, Seed, Patients);
        return folder;
    }

    private void End(ParseResult parse, DemoMesh mesh, int count, int failed)
    {
        var isKept = parse.GetValue(keep) && UpState.Read(mesh.Place.Data) is not null;
        if (parse.GetValue(json))
        {
            if (isKept)
            {
                screen.JsonLine(new { kept = new { dataDir = mesh.Place.Data.Path, portShift = mesh.Place.Topology.PortShift, patient = mesh.PatientId } });
            }

            return;
        }

        screen.Line();
        screen.Line(failed == 0 ? $"All {count} steps held." : $"{failed} of {count} steps did not hold.");
        if (isKept)
        {
            Invite(mesh);
        }
        else
        {
            screen.Line("Next: ./edgemesh up runs the mesh for yourself; ./edgemesh demo --keep leaves this one running; docs/guides/first-service.md adds a service.");
        }
    }

    private void Invite(DemoMesh mesh)
    {
        var (data, shift) = (mesh.Place.Data.Path, mesh.Place.Topology.PortShift);
        var token = mesh.Issue(TokenRequest.Practitioner("dr-ada", mesh.ClinicB));
        var url = mesh.Place.Topology.PublicUrl(mesh.Site(mesh.ClinicB)).ToString().TrimEnd('/');
        screen.Line($"""
            The mesh runs on. A practitioner of clinic-b reads the shared patient (the token is good for an hour):

              TOKEN={token}
              printf 'Authorization: Bearer %s' "$TOKEN" | curl --cacert {mesh.Place.Data.AuthorityCertificate} -H @- {url}/fhir/Patient/{mesh.PatientId}

            ./edgemesh status --data-dir {data} --port-shift {shift}
            ./edgemesh down --data-dir {data} --port-shift {shift}
            """);
    }

    private async Task CleanUpAsync(MeshPlace place, bool isKept, int failed)
    {
        if (isKept && UpState.Read(place.Data) is not null)
        {
            return;
        }

        // Also after Ctrl-C: nothing of the story may stay behind.
        if (await DownCommand.StopAsync(place.Data, CancellationToken.None) == false)
        {
            screen.Note($"The story's mesh did not stop; its data stays in {place.Data.Path}.");
            return;
        }

        if (failed > 0)
        {
            screen.Note($"What the sites said is in {place.Data.UpLog}, their data beside it; delete {place.Data.Path} when you have read it.");
            return;
        }

        Directory.Delete(place.Data.Path, recursive: true);
    }
}
