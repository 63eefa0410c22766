using System.CommandLine;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Commands.Functions;

/// <summary>Takes a bundle from a file. One that a deployer of another mesh signed is taken over by name: with their public key, and under one's own
/// signature, so that the sites need trust nobody new and that deployer may deploy nothing here.</summary>
internal sealed class ImportFunction : MeshCommand
{
    private readonly Argument<string> file = new("FILE") { Description = "The bundle file" };
    private readonly Option<FileInfo?> from = new("--from") { Description = "The public key (NAME.pub) of who signed it, when that is not you: you sign it anew, and answer for it", HelpName = "FILE" };
    private readonly FunctionOptions options;

    public ImportFunction(FunctionOptions options)
        : base("import", "Deploys a function from a file that export or build wrote", "function import greeter.bundle --site clinic-a", "function import greeter.bundle --from ops.pub")
    {
        this.options = options;
        Add(file);
        Option[] all = [from, options.Site, options.Key, options.Json];
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

            if (parse.GetValue(from) is { Exists: false } missing)
            {
                return options.Screen.Fail($"--from: there is no file {missing.FullName}.", "Ask the bundle's deployer for it: it lies beside their key.", ExitCode.WrongUsage);
            }

            if (options.ReadKey(parse) is not { } key)
            {
                return ExitCode.Failed;
            }

            using (key)
            {
                return await ReadAsync(parse, key, cancellation) is { } bundle
                    ? await options.AtSiteAsync(parse, client => Deployments.DeployAsync(options, parse, client, bundle, CanaryPlan.None, key, cancellation))
                    : ExitCode.Failed;
            }
        });
    }

    /// <summary>The bundle, signed by one's own key; null: told why there is none.</summary>
    private async Task<FunctionBundle?> ReadAsync(ParseResult parse, DeployerKey key, CancellationToken cancellation)
    {
        if (parse.GetValue(from)?.FullName is not { } signer)
        {
            return await options.ReadBundleAsync(parse.GetRequiredValue(file), key, cancellation);
        }

        try
        {
            return await TakeOverAsync(parse, DeployerKeyFile.OpenPublic(signer), key, cancellation);
        }
        catch (InvalidDataException error)
        {
            options.Screen.Fail(error.Message, "");
            return null;
        }
    }

    private async Task<FunctionBundle?> TakeOverAsync(ParseResult parse, DeployerIdentity signer, DeployerKey key, CancellationToken cancellation)
    {
        var read = await BundleFile.ReadAsync(await File.ReadAllBytesAsync(parse.GetRequiredValue(file), cancellation), [signer]);
        if (read.Bundle is not { } theirs)
        {
            options.Screen.Fail($"{parse.GetValue(file)} can't be taken over from '{signer.Name}':", string.Join("\n  ", read.Faults));
            return null;
        }

        options.Screen.Note($"{theirs.Manifest.Name} {theirs.Manifest.Version}: signed by '{signer.Name}' as {parse.GetValue(from)} says, and now by '{key.Name}' of this mesh");
        return (await FunctionBundle.BuildAsync("function.yaml", theirs.Statement.ManifestText, theirs.Module, key)).Bundle;
    }
}
