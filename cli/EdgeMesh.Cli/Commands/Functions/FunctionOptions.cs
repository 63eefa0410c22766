using System.CommandLine;
using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Commands.Functions;

/// <summary>What the function commands share: which site, by which key, and how they answer.</summary>
internal sealed class FunctionOptions(MeshOptions options, Screen screen)
{
    private const string HowToTakeOver = "If another mesh's deployer signed it, take it over with ./edgemesh function import FILE --from NAME.pub, the public half of their key.";

    public Argument<string> Name { get; } = new("NAME") { Description = "The function" };

    public Option<string?> Site { get; } = new("--site") { Description = "The site to ask; default: the core. What is deployed there reaches every site" };

    public Option<FileInfo?> Key { get; } = new("--key") { Description = "The deployer's key; default: the one of this mesh", HelpName = "FILE" };

    public Option<bool> Json { get; } = new("--json") { Description = "The answer as one line of JSON" };

    public Screen Screen => screen;

    /// <summary>Runs with calls to the site, as an administrator.</summary>
    public Task<int> AtSiteAsync(ParseResult parse, Func<SiteCalls, Task<int>> run, params string[] scopes) =>
        SiteCalls.RunAsync(options, parse, screen, parse.GetValue(Site), ["admin"], ["deployments", .. scopes], run);

    /// <summary>The deployer's key; null: told why there is none.</summary>
    public DeployerKey? ReadKey(ParseResult parse)
    {
        if (options.Read(parse, screen) is not { } place)
        {
            return null;
        }

        var file = parse.GetValue(Key)?.FullName ?? place.Data.DeployerKey;
        if (!File.Exists(file))
        {
            screen.Fail($"there is no deployer's key {file}.", "Make this mesh's with ./edgemesh keys, or name yours with --key.");
            return null;
        }

        try
        {
            return DeployerKeyFile.Open(file);
        }
        catch (InvalidDataException error)
        {
            screen.Fail(error.Message, "");
            return null;
        }
    }

    /// <summary>The bundle of a folder (built when it has no module yet) or of a bundle file; null: told why there is none.</summary>
    public async Task<FunctionBundle?> ReadBundleAsync(string path, DeployerKey key, CancellationToken cancellation)
    {
        if (File.Exists(path))
        {
            var read = await BundleFile.ReadAsync(await File.ReadAllBytesAsync(path, cancellation), [key.Public]);
            return read.Bundle ?? Refuse($"{path} can't be deployed", [.. read.Faults, HowToTakeOver]);
        }

        var (project, faults) = await FunctionProject.ReadAsync(path);
        if (project is null)
        {
            return Refuse("the function can't be built", faults);
        }

        if (!File.Exists(project.ModuleFile) && await FunctionCompiler.BuildAsync(project, cancellation) is { } fault)
        {
            return Refuse("the function can't be built", [fault]);
        }

        if (project.NewerSource is { } newer)
        {
            screen.Note($"{newer} is newer than the module that is sent: ./edgemesh function build {path} takes it in.");
        }

        var built = await FunctionBundle.BuildAsync(project.ManifestFile, project.ManifestText, await File.ReadAllBytesAsync(project.ModuleFile, cancellation), key);
        return built.Bundle ?? Refuse("the function can't be built", built.Faults);
    }

    /// <summary>Says what a site refused.</summary>
    public int Refused(SiteAnswer answer) => answer.Refuse(screen);

    private FunctionBundle? Refuse(string what, IReadOnlyList<string> faults)
    {
        screen.Fail($"{what}:", string.Join("\n  ", faults));
        return null;
    }
}
