using System.CommandLine;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed class BuildFunction : MeshCommand
{
    private readonly Argument<string> folder = new("DIR") { Description = "The function's folder", DefaultValueFactory = _ => "." };

    public BuildFunction(FunctionOptions options)
        : base("build", "Compiles a function (C with clang, AssemblyScript with asc) and signs its bundle", "function build greeter", "function build greeter --json")
    {
        Add(folder);
        Add(options.Key);
        Add(options.Json);
        SetAction(async (parse, cancellation) =>
        {
            var (project, faults) = await FunctionProject.ReadAsync(Path.GetFullPath(parse.GetRequiredValue(folder)));
            if (project is null)
            {
                return options.Screen.Fail("the function can't be built:", string.Join("\n  ", faults));
            }

            if (options.ReadKey(parse) is not { } key)
            {
                return ExitCode.Failed;
            }

            using (key)
            {
                return await FunctionCompiler.BuildAsync(project, cancellation) is { } fault
                    ? options.Screen.Fail("the function can't be built:", fault)
                    : await SignAsync(options, parse, project, key, cancellation);
            }
        });
    }

    private static async Task<int> SignAsync(FunctionOptions options, ParseResult parse, FunctionProject project, DeployerKey key, CancellationToken cancellation)
    {
        if (await options.ReadBundleAsync(project.Folder, key, cancellation) is not { } bundle)
        {
            return ExitCode.Failed;
        }

        var file = BundleFile.Write(bundle);
        await File.WriteAllBytesAsync(project.BundleFile, file, cancellation);
        if (parse.GetValue(options.Json))
        {
            options.Screen.JsonLine(new { bundle.Manifest.Name, bundle.Manifest.Version, bundle.Digest, moduleBytes = bundle.Module.Length, file = project.BundleFile });
        }
        else
        {
            options.Screen.Line($"{bundle.Manifest.Name} {bundle.Manifest.Version}: module {bundle.Module.Length} bytes, bundle {project.BundleFile} ({bundle.Digest})");
        }

        return ExitCode.Done;
    }
}
