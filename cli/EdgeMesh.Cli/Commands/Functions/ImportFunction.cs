using System.CommandLine;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class ImportFunction : MeshCommand
{
    public ImportFunction(FunctionOptions options)
        : base("import", "Deploys a function from a file that export or build wrote", "function import greeter.bundle --site clinic-a")
    {
        var file = new Argument<string>("FILE") { Description = "The bundle file" };
        Add(file);
        Option[] all = [options.Site, options.Key, options.Json];
        foreach (var option in all)
        {
            Add(option);
        }

        SetAction(async (parse, cancellation) =>
        {
            if (!File.Exists(parse.GetRequiredValue(file)))
            {
                return options.Screen.Fail($"there is no file {parse.GetValue(file)}.", "Write one with ./edgemesh function export.", ExitCode.WrongUsage);
            }

            if (options.ReadKey(parse) is not { } key)
            {
                return ExitCode.Failed;
            }

            using (key)
            {
                return await options.ReadBundleAsync(parse.GetRequiredValue(file), key, cancellation) is { } bundle
                    ? await options.AtSiteAsync(parse, client => Deployments.DeployAsync(options, parse, client, bundle, CanaryPlan.None, key, cancellation))
                    : ExitCode.Failed;
            }
        });
    }
}
