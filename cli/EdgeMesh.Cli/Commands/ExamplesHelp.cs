using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EdgeMesh.Cli.Commands;

/// <summary>The standard help, then the command's examples.</summary>
internal sealed class ExamplesHelp(HelpAction standard) : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        var code = standard.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        switch (parseResult.CommandResult.Command)
        {
            case MeshCommand { Examples.Count: > 0 } command:
                output.WriteLine("Examples:");
                foreach (var example in command.Examples)
                {
                    output.WriteLine($"  ./edgemesh {example}");
                }

                break;
            case RootCommand:
                output.WriteLine("""
                    First steps:
                      ./edgemesh demo                       three sites live through a story
                      ./edgemesh up                         the mesh of tye.yaml, until Ctrl-C
                      ./edgemesh test                       builds everything and runs every test

                    Exit codes: 0 done, 1 failed, 2 wrong usage. ./edgemesh COMMAND --help shows examples.
                    """);
                break;
        }

        return code;
    }
}
