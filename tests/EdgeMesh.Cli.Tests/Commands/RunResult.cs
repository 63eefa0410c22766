using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Terminal;

namespace EdgeMesh.Cli.Tests.Commands;

/// <summary>What a command printed and how it ended.</summary>
internal sealed record RunResult(int Code, string Output, string Error)
{
    public static async Task<RunResult> OfAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(args, new Screen(output, error, isTerminal: false));
        return new(code, output.ToString(), error.ToString());
    }
}
