using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using EdgeMesh.Cli.Commands.Functions;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Sidecar;

namespace EdgeMesh.Cli.Commands;

/// <summary>The whole command line: what there is, and how it ends.</summary>
internal static class CommandLine
{
    /// <summary>What a command may take to stop after Ctrl-C or SIGTERM before the process ends anyway.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(string[] args, Screen screen)
    {
        // daprd's flags are not ours to parse; the sidecar has a help of its own.
        if (args is [SidecarCommand.CommandName, ..])
        {
            return await SidecarCommandLine.RunAsync(args[1..]);
        }

        var parse = Create(screen).Parse(args);
        if (parse.Errors.Count > 0 && parse.Action is ParseErrorAction)
        {
            var command = parse.CommandResult.Command;
            var path = command is RootCommand ? string.Empty : $" {PathOf(command)}";
            return screen.Fail(Say(parse), $"See ./edgemesh{path} --help", ExitCode.WrongUsage);
        }

        try
        {
            return await parse.InvokeAsync(new()
            {
                Output = screen.Output, Error = screen.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = StopLimit,
            });
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failed;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return screen.Fail(error.Message, "Look at the file or folder it names: whose is it, and is the disk full?");
        }
        catch (Exception error)
        {
            screen.Note(error.ToString());
            return screen.Fail($"a fault of EdgeMesh's own: {error.Message}", "Report it with the lines above and the command.");
        }
    }

    internal static RootCommand Create(Screen screen)
    {
        var options = new MeshOptions();
        var root = new RootCommand("EdgeMesh: services at many sites that keep working offline, share under consent, and prove what happened.")
        {
            new DemoCommand(options, screen),
            new TestCommand(screen),
            new UpCommand(options, screen),
            new DownCommand(options, screen),
            new StatusCommand(options, screen),
            new SiteCommand(options, screen),
            new SidecarCommand(),
            new KeysCommand(options, screen),
            new TokenCommand(options, screen),
            new LedgerCommand(options, screen),
            new RecordsCommand(options, screen),
            new FunctionCommand(options, screen),
            new LinkCommand(options, screen),
            new AlertsCommand(options, screen),
            new RunFileCommand(options, screen),
            new AnomalyCommand(screen),
            new ScrapeFileCommand(options, screen),
            new BenchCommand(options, screen),
        };
        options.AddTo(root);
        if (root.Options.OfType<HelpOption>().FirstOrDefault() is { Action: HelpAction standard } help)
        {
            help.Action = new ExamplesHelp(standard);
        }

        return root;
    }

    /// <summary>A word that is no command is the whole fault; that a command is missing follows from it.</summary>
    private static string Say(ParseResult parse) => parse.UnmatchedTokens is [var word, ..] && parse.CommandResult.Command.Subcommands.Count > 0
        ? $"there is no command '{word}'. Commands: {string.Join(", ", parse.CommandResult.Command.Subcommands.Select(c => c.Name))}."
        : string.Join(" ", parse.Errors.Select(e => e.Message));

    private static string PathOf(Command command)
    {
        var names = new Stack<string>();
        for (var at = command; at is not null and not RootCommand; at = at.Parents.OfType<Command>().FirstOrDefault())
        {
            names.Push(at.Name);
        }

        return string.Join(' ', names);
    }
}
