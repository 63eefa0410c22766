using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class StartMesh : DemoStep
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public override string Name => "start";

    public override string? After => null;

    public override string Shows => "Three sites come up from nothing: keys, certificates, stores, links";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var started = mesh.Clock.GetTimestamp();
        using var quiet = new StringWriter();
        var code = await UpInBackground.StartAsync(mesh.Place, Limit, new Screen(quiet, quiet, isTerminal: false), cancellation);
        var seconds = Math.Round(mesh.Clock.GetElapsedTime(started).TotalSeconds, 1);
        var sites = mesh.Place.Topology.Sites.Select(s => s.Name).ToArray();
        return code == ExitCode.Done
            ? StepOutcome.Of(true, $"{string.Join(", ", sites)} are ready after {seconds} s", ("sites", sites), ("seconds", seconds))
            : StepOutcome.Of(false, quiet.ToString().Trim(), ("sites", sites), ("problem", quiet.ToString().Trim()), ("log", mesh.Place.Data.UpLog));
    }
}
