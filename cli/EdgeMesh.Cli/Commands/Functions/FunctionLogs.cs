using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class FunctionLogs : MeshCommand
{
    public FunctionLogs(FunctionOptions options)
        : base("logs", "Shows the last calls of a function at a site: how each ended, its trace, and what it wrote to stderr", "function logs greeter --site clinic-a", "function logs greeter --last 100 --json")
    {
        var last = new Option<int>("--last") { Description = "How many calls", DefaultValueFactory = _ => 20 };
        Add(options.Name);
        Add(last);
        Add(options.Site);
        Add(options.Json);
        SetAction((parse, cancellation) => options.AtSiteAsync(parse, async client =>
        {
            var answer = await client.GetAsync($"deployments/{parse.GetRequiredValue(options.Name)}/logs?last={parse.GetValue(last)}", cancellation);
            if (!answer.IsDone || answer.Json is not JsonArray calls)
            {
                return options.Refused(answer);
            }

            if (calls.Count == 0 && !parse.GetValue(options.Json))
            {
                options.Screen.Note($"{parse.GetRequiredValue(options.Name)} was not called at {parse.GetValue(options.Site) ?? "the core"} since its service started; --site asks another site.");
            }

            foreach (var call in calls)
            {
                if (parse.GetValue(options.Json))
                {
                    options.Screen.JsonLine(call);
                }
                else
                {
                    Print(options.Screen, call!);
                }
            }

            return ExitCode.Done;
        }));
    }

    private static void Print(Screen screen, JsonNode call)
    {
        screen.Line($"{call["at"]} {call["version"]} {call["trigger"]} {call["outcome"]} {call["milliseconds"]} ms{((bool)call["isCold"]! ? " cold" : "")} trace {call["traceId"]} {call["detail"]}".TrimEnd());
        foreach (var line in $"{call["log"]}".Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            screen.Line($"    {line}");
        }
    }
}
