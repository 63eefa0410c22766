using EdgeMesh.Cli.Terminal;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class RemoveFunction : MeshCommand
{
    public RemoveFunction(FunctionOptions options)
        : base("remove", "Ends a function everywhere, and deletes what it kept there: its state and the calls to try again", "function remove greeter")
    {
        Add(options.Name);
        Add(options.Site);
        Add(options.Key);
        Add(options.Json);
        SetAction(async (parse, cancellation) =>
        {
            if (options.ReadKey(parse) is not { } key)
            {
                return ExitCode.Failed;
            }

            using (key)
            {
                var name = parse.GetRequiredValue(options.Name);
                return await options.AtSiteAsync(parse, async client =>
                {
                    var known = await client.GetAsync($"deployments/{name}", cancellation);
                    return known.IsDone
                        ? await Deployments.SignAsync(options, parse, client, name, null, CanaryPlan.None, key, isRollback: false, null, cancellation)
                        : options.Refused(known);
                });
            }
        });
    }
}
