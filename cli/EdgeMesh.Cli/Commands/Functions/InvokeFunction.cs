using System.CommandLine;
using System.Text;
using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class InvokeFunction : MeshCommand
{
    private readonly Option<string?> data = new("--data") { Description = "What it reads from stdin: a text, or @FILE" };
    private readonly Option<string?> path = new("--path") { Description = "Calls its HTTP trigger at this path, as a caller with its scope; default: calls it whatever its triggers" };
    private readonly Option<string> method = new("--method") { Description = "The method with --path", DefaultValueFactory = _ => "POST" };

    public InvokeFunction(FunctionOptions options)
        : base("invoke", "Calls a function at a site and prints what it wrote to stdout", "function invoke greeter --data Ada", "function invoke greeter --site clinic-a --path /greet --data @name.txt")
    {
        Add(options.Name);
        Option[] all = [data, path, method, options.Site];
        foreach (var option in all)
        {
            Add(option);
        }

        SetAction((parse, cancellation) =>
        {
            var name = parse.GetRequiredValue(options.Name);
            return options.AtSiteAsync(parse, client => CallAsync(options, parse, client, name, cancellation), $"functions/{name}");
        });
    }

    private async Task<int> CallAsync(FunctionOptions options, ParseResult parse, SiteCalls client, string name, CancellationToken cancellation)
    {
        var text = parse.GetValue(data) ?? "";
        if (text.StartsWith('@') && !File.Exists(text[1..]))
        {
            return options.Screen.Fail($"--data: there is no file {text[1..]}.", "Name a file after the @.", ExitCode.WrongUsage);
        }

        var body = text.StartsWith('@') ? await File.ReadAllBytesAsync(text[1..], cancellation) : Encoding.UTF8.GetBytes(text);
        var answer = parse.GetValue(path) is { } at
            ? await client.SendAsync(new HttpMethod(parse.GetValue(method)!), $"functions/{name}/{at.TrimStart('/')}", body.Length == 0 ? null : body, "application/json", cancellation)
            : await client.SendAsync(HttpMethod.Post, $"deployments/{name}/calls", body, "application/octet-stream", cancellation);
        if (!answer.IsDone)
        {
            return options.Refused(answer);
        }

        options.Screen.Output.Write(answer.Text);
        return ExitCode.Done;
    }
}
