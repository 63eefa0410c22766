using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Commands.Functions;

/// <summary>Signs the next word on a function and sends it.</summary>
internal static class Deployments
{
    public static async Task<int> DeployAsync(
        FunctionOptions options, ParseResult parse, SiteCalls client, FunctionBundle bundle, CanaryPlan canary, DeployerKey key, CancellationToken cancellation)
    {
        var sent = await client.PutBundleAsync(bundle.Manifest.Name, BundleFile.Write(bundle), cancellation);
        return sent.IsDone
            ? await SignAsync(options, parse, client, bundle.Manifest.Name, bundle.Digest, canary, key, isRollback: false, bundle.Manifest.Version, cancellation)
            : options.Refused(sent);
    }

    public static async Task<int> SignAsync(
        FunctionOptions options, ParseResult parse, SiteCalls client, string function, string? bundle, CanaryPlan canary, DeployerKey key, bool isRollback, string? version, CancellationToken cancellation)
    {
        var known = await client.GetAsync($"deployments/{function}", cancellation);
        if (!known.IsDone && known.Status != 404)
        {
            return options.Refused(known);
        }

        var generation = (known.IsDone ? (long?)known.Json?["function"]?["generation"] ?? 0 : 0) + 1;
        var word = Deployment.Sign(function, generation, bundle, canary, key, isRollback);
        var answer = await client.PutDeploymentAsync(function, word.Text, cancellation);
        if (!answer.IsDone)
        {
            return options.Refused(answer);
        }

        if (parse.GetValue(options.Json))
        {
            options.Screen.JsonLine(new JsonObject { ["function"] = function, ["version"] = version, ["generation"] = generation, ["bundle"] = bundle });
        }
        else
        {
            options.Screen.Line(Say(word, version));
        }

        return ExitCode.Done;
    }

    private static string Say(Deployment word, string? version) => word switch
    {
        { Bundle: null } => $"{word.Function} is removed, with its state (generation {word.Generation})",
        { IsRollback: true } => $"{word.Function} is rolled back to {version} (generation {word.Generation})",
        { Canary.IsNone: true } => $"{word.Function} {version} is deployed (generation {word.Generation})",
        { Canary: var canary } => $"{word.Function} {version} is tried with {canary.Percent} % of the calls at {(canary.Sites.IsEmpty ? "each site" : string.Join(", ", canary.Sites))} "
            + $"for {canary.For} (generation {word.Generation}); ./edgemesh function list shows how far it is",
    };
}
