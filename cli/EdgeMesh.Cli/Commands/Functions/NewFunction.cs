using System.CommandLine;
using System.Text.RegularExpressions;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Commands.Functions;

internal sealed partial class NewFunction : MeshCommand
{
    public NewFunction(Screen screen)
        : base("new", "Writes a small function to begin with", "function new greeter", "function new greeter --template assemblyscript --dir functions/greeter")
    {
        var name = new Argument<string>("NAME") { Description = "Lower-case letters, digits and hyphens; unique in the mesh" };
        var template = new Option<string>("--template") { Description = "The language", DefaultValueFactory = _ => FunctionTemplates.C };
        template.AcceptOnlyFromAmong(FunctionTemplates.C, FunctionTemplates.AssemblyScript);
        var folder = new Option<DirectoryInfo?>("--dir") { Description = "The folder; default: one of the function's name", HelpName = "DIR" };
        Add(name);
        Add(template);
        Add(folder);
        SetAction(parse =>
        {
            var wanted = parse.GetRequiredValue(name);
            if (!Names().IsMatch(wanted))
            {
                return screen.Fail($"'{wanted}' is no function's name.", "Use lower-case letters, digits and hyphens, at most 63, a letter first.", ExitCode.WrongUsage);
            }

            var target = parse.GetValue(folder)?.FullName ?? Path.GetFullPath(wanted);
            if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            {
                return screen.Fail($"{target} is not empty.", "Name another folder with --dir.");
            }

            foreach (var file in FunctionTemplates.Write(parse.GetValue(template)!, wanted, target))
            {
                screen.Line(file);
            }

            screen.Note($"Next: ./edgemesh function build {target}");
            return ExitCode.Done;
        });
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,62}$")]
    private static partial Regex Names();
}
