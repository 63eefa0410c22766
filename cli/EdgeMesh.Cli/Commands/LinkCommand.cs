using System.CommandLine;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh link cut|restore|slow A B</c>: both directions of a link of the running mesh.</summary>
internal sealed class LinkCommand : MeshCommand
{
    public LinkCommand(MeshOptions options, Screen screen)
        : base("link", "Cuts, restores or slows a link between two sites of the running mesh",
            "link cut core clinic-a", "link slow core clinic-a --delay 200", "link restore core clinic-a")
    {
        Add(new Change("cut", "Resets every connection between the two and refuses new ones", options, screen));
        Add(new Change("restore", "Lets the two reach each other again, without delay", options, screen));
        Add(new Change("slow", "Delays every byte between the two", options, screen));
    }

    private sealed class Change : MeshCommand
    {
        public Change(string action, string description, MeshOptions options, Screen screen)
            : base(action, description, action == "slow" ? "link slow core clinic-a --delay 200" : $"link {action} core clinic-a")
        {
            var a = new Argument<string>("A") { Description = "A site" };
            var b = new Argument<string>("B") { Description = "The other site" };
            var delay = new Option<int>("--delay") { Description = "Milliseconds each way", Required = action == "slow", Hidden = action != "slow" };
            Add(a);
            Add(b);
            Add(delay);
            SetAction(async (parse, cancellation) =>
            {
                if (options.Read(parse, screen) is not { } place)
                {
                    return ExitCode.Failed;
                }

                if (new[] { parse.GetRequiredValue(a), parse.GetRequiredValue(b) }.FirstOrDefault(name => place.Topology.FindSite(name) is null) is { } unknown)
                {
                    return screen.NoSuchSite(unknown, place.Topology);
                }

                var request = new ControlRequest("link", action, parse.GetValue(a), parse.GetValue(b), parse.GetValue(delay));
                var answer = await ControlClient.AskAsync(place.Data, request, cancellation);
                if (answer is not { Ok: true })
                {
                    return screen.Fail(answer?.Problem ?? $"no mesh is up with {place.Data.Path}", answer?.Mend ?? "Start it with ./edgemesh up -d", ExitCode.Failed);
                }

                screen.Line($"{request.A} and {request.B}: {(action == "slow" ? $"{request.DelayMs} ms late each way" : action)}");
                return ExitCode.Done;
            });
        }
    }
}
