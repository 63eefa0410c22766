using System.CommandLine;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class DeployFunction : MeshCommand
{
    private readonly Argument<string> path = new("DIR|FILE") { Description = "The function's folder, or a bundle file", DefaultValueFactory = _ => "." };
    private readonly Option<int?> canary = new("--canary") { Description = "Share of the calls that the new version gets first, in percent; without it all, or half at the sites of --canary-site" };
    private readonly Option<string[]> canarySites = new("--canary-site") { Description = "Sites that take it first; the others wait until it is healthy there", AllowMultipleArgumentsPerToken = true };
    private readonly Option<TimeSpan> time = new("--for") { Description = "How long it must stay healthy before it gets all", DefaultValueFactory = _ => TimeSpan.FromMinutes(10) };
    private readonly Option<int> errors = new("--max-errors") { Description = "Failed calls in a hundred, above the old version's, at which it is rolled back", DefaultValueFactory = _ => 5 };
    private readonly Option<int> slower = new("--max-slower") { Description = "How much slower on average than the old version it may be, in percent", DefaultValueFactory = _ => 100 };

    public DeployFunction(FunctionOptions options)
        : base("deploy", "Sends a signed function to a site, from where every site takes it, also those that are cut off now",
            "function deploy greeter", "function deploy greeter --canary 10 --for 00:10:00", "function deploy greeter-1.0.0.bundle --canary-site clinic-a --json")
    {
        canary.Validators.Add(r =>
        {
            if (r.Tokens is [{ Value: var text }] && (!int.TryParse(text, out var n) || n is < 0 or > 100))
            {
                r.AddError("--canary must be a number from 0 to 100.");
            }
        });
        Add(path);
        Option[] all = [canary, canarySites, time, errors, slower, options.Site, options.Key, options.Json];
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
                return await options.ReadBundleAsync(Path.GetFullPath(parse.GetRequiredValue(path)), key, cancellation) is { } bundle
                    ? await options.AtSiteAsync(parse, client => Deployments.DeployAsync(options, parse, client, bundle, Plan(parse), key, cancellation))
                    : ExitCode.Failed;
            }
        });
    }

    private CanaryPlan Plan(ParseResult parse)
    {
        var sites = parse.GetValue(canarySites) ?? [];
        // Where it is tried first the version before goes on beside it, so that there is something to compare it with.
        var percent = parse.GetValue(canary) ?? (sites.Length == 0 ? 100 : CanaryPlan.HalfPercent);
        return percent == 100 && sites.Length == 0
            ? CanaryPlan.None
            : new CanaryPlan(percent, parse.GetValue(time), parse.GetValue(errors)) { MaxSlowerPercent = parse.GetValue(slower), Sites = [.. sites] };
    }
}
