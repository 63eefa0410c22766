using System.Text.Json.Nodes;
using EdgeMesh.Cli.Terminal;
using Spectre.Console;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class ListFunctions : MeshCommand
{
    public ListFunctions(FunctionOptions options)
        : base("list", "Shows the functions that a site knows, how far each site is with them, and what they cost there", "function list", "function list --site clinic-a --json")
    {
        Add(options.Site);
        Add(options.Json);
        SetAction((parse, cancellation) => options.AtSiteAsync(parse, async client =>
        {
            var answer = await client.GetAsync("deployments", cancellation);
            if (!answer.IsDone || answer.Json is not JsonArray functions)
            {
                return options.Refused(answer);
            }

            if (parse.GetValue(options.Json))
            {
                options.Screen.JsonLine(functions);
            }
            else
            {
                Print(options.Screen, functions);
            }

            return ExitCode.Done;
        }));
    }

    private static void Print(Screen screen, JsonArray functions)
    {
        if (functions.Count == 0)
        {
            screen.Line("No function is deployed. Make one: ./edgemesh function new greeter");
            return;
        }

        var table = new Table { Border = screen.IsTerminal ? TableBorder.Rounded : TableBorder.None };
        table.AddColumns("function", "here", "deployed", "sites", "triggers", "calls", "failed", "cold", "CPU ms", "MiB·ms", "bytes");
        foreach (var function in functions.OfType<JsonObject>())
        {
            var usage = function["usage"]!;
            string[] cells =
            [
                $"{function["name"]}", $"{function["version"] ?? "-"}", $"{function["deployed"] ?? "removed"} (generation {function["generation"]})",
                string.Join(", ", function["sites"]!.AsObject().Select(s => $"{s.Key}: {s.Value!["version"] ?? "-"} {s.Value["phase"]}{Awaited(s.Value)}{((bool)s.Value["held"]! ? ", held" : "")}")),
                string.Join(", ", function["triggers"]!.AsArray().Select(t => $"{t}")),
                $"{usage["calls"]}", $"{usage["failed"]}", $"{usage["coldStarts"]}", $"{(double)usage["cpuMilliseconds"]!:F1}", $"{(double)usage["memoryMilliseconds"]!:F1}", $"{usage["bytes"]}",
            ];
            table.AddRow(cells.Select(c => c.EscapeMarkup()).ToArray());
        }

        screen.Out.Write(table);
        foreach (var function in functions.OfType<JsonObject>().Where(f => f["missing"] is not null))
        {
            screen.Note($"{function["name"]}: missing is {function["missing"]}.");
        }
    }

    private static string Awaited(JsonNode site) => site["waitsFor"]?.AsObject() is { Count: > 0 } awaited ? $" for {string.Join(", ", awaited.Select(a => $"{a.Key} ({a.Value})"))}" : "";
}
