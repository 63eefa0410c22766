using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class ExportFunction : MeshCommand
{
    public ExportFunction(FunctionOptions options)
        : base("export", "Writes a deployed function as one file, to carry to a mesh that no link leads to", "function export greeter --out greeter.bundle", "function export greeter --version 1.0.0 --out greeter.bundle")
    {
        var output = new Option<FileInfo>("--out") { Description = "The file", Required = true, HelpName = "FILE" };
        var version = new Option<string?>("--version") { Description = "Default: the deployed one" };
        Add(options.Name);
        Option[] all = [output, version, options.Site];
        foreach (var option in all)
        {
            Add(option);
        }

        SetAction((parse, cancellation) => options.AtSiteAsync(parse, async client =>
        {
            var name = parse.GetRequiredValue(options.Name);
            var detail = await client.GetAsync($"deployments/{name}", cancellation);
            if (!detail.IsDone || detail.Json?["versions"] is not JsonArray versions)
            {
                return options.Refused(detail);
            }

            var wanted = parse.GetValue(version) ?? $"{detail.Json["function"]?["deployed"]}";
            if (versions.FirstOrDefault(v => $"{v!["version"]}" == wanted) is not { } found)
            {
                return options.Screen.Fail($"version {wanted} of {name} is not kept at this site.", $"Kept: {string.Join(", ", versions.Select(v => $"{v!["version"]}"))}.");
            }

            var file = await client.GetAsync($"deployments/{name}/bundles/{$"{found["bundle"]}"["sha256:".Length..]}", cancellation);
            if (!file.IsDone)
            {
                return options.Refused(file);
            }

            await File.WriteAllBytesAsync(parse.GetRequiredValue(output).FullName, file.Body, cancellation);
            options.Screen.Line($"{name} {wanted}: {parse.GetRequiredValue(output).FullName}, {file.Body.Length} bytes, signed by '{found["signer"]}'");
            return ExitCode.Done;
        }));
    }
}
