using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class RollBackFunction : MeshCommand
{
    private readonly Option<string?> to = new("--to") { Description = "The version; default: the one before the deployed one", HelpName = "VERSION" };

    public RollBackFunction(FunctionOptions options)
        : base("rollback", "Brings back an earlier version everywhere, at once", "function rollback greeter", "function rollback greeter --to 1.0.0")
    {
        Add(options.Name);
        Option[] all = [to, options.Site, options.Key, options.Json];
        foreach (var option in all)
        {
            Add(option);
        }

        SetAction(async (parse, cancellation) =>
        {
            if (options.ReadKey(parse) is not { } key)
            {
                return ExitCode.Failed;
            }

            using (key)
            {
                return await options.AtSiteAsync(parse, client => RunAsync(options, parse, client, key, cancellation));
            }
        });
    }

    private async Task<int> RunAsync(FunctionOptions options, ParseResult parse, SiteCalls client, DeployerKey key, CancellationToken cancellation)
    {
        var name = parse.GetRequiredValue(options.Name);
        var detail = await client.GetAsync($"deployments/{name}", cancellation);
        if (!detail.IsDone || detail.Json?["versions"] is not JsonArray versions)
        {
            return options.Refused(detail);
        }

        var (current, wanted) = ($"{detail.Json["function"]?["deployed"]}", parse.GetValue(to));
        var target = versions.FirstOrDefault(v => wanted is null ? $"{v!["version"]}" != current : $"{v!["version"]}" == wanted);
        return target is null
            ? options.Screen.Fail(wanted is null ? $"there is no version of {name} before {current}." : $"version {wanted} of {name} is not kept at this site.", $"Kept: {string.Join(", ", versions.Select(v => $"{v!["version"]}"))}.")
            : await Deployments.SignAsync(options, parse, client, name, $"{target["bundle"]}", CanaryPlan.None, key, isRollback: true, $"{target["version"]}", cancellation);
    }
}
