using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands.Functions;

/// <summary>hold, release, pause and resume: what an operator of a site changes of a rollout there.</summary>
internal sealed class ChangeRollout : MeshCommand
{
    public static readonly (string Change, string Description)[] All =
    [
        ("hold", "Has a site keep the version that it runs, whatever is deployed"),
        ("release", "Lets a site that was held take what is deployed"),
        ("pause", "Stops the clock of a canary at a site; it is still rolled back when unhealthy"),
        ("resume", "Begins a paused canary's time anew"),
    ];

    public ChangeRollout(string change, string description, FunctionOptions options)
        : base(change, description, $"function {change} greeter --site clinic-a")
    {
        Add(options.Name);
        Add(options.Site);
        Add(options.Json);
        SetAction((parse, cancellation) => options.AtSiteAsync(parse, async client =>
        {
            var answer = await client.SendAsync(HttpMethod.Post, $"deployments/{parse.GetRequiredValue(options.Name)}/{change}", [], "application/json", cancellation);
            if (!answer.IsDone)
            {
                return options.Refused(answer);
            }

            if (parse.GetValue(options.Json))
            {
                options.Screen.JsonLine(answer.Json);
            }
            else
            {
                options.Screen.Line($"{parse.GetValue(options.Name)}: {change} holds at {parse.GetValue(options.Site) ?? "the core"}");
            }

            return ExitCode.Done;
        }));
    }
}
