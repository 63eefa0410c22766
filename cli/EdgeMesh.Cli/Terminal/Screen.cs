using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Cli.Topology;
using Spectre.Console;

namespace EdgeMesh.Cli.Terminal;

/// <summary>Where a command writes: results to the output, everything else to the error stream. Colour, tables that adapt and progress
/// bars only on a terminal; plain lines otherwise.</summary>
internal sealed class Screen
{
    private const int PlainWidth = 10_000;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private readonly Lock gate = new();

    public Screen(TextWriter output, TextWriter error, bool isTerminal)
    {
        Output = output;
        Error = error;
        IsTerminal = isTerminal;
        Out = Create(output, isTerminal);
        Notes = Create(error, isTerminal);
    }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    public bool IsTerminal { get; }

    /// <summary>The output, for tables and colour.</summary>
    public IAnsiConsole Out { get; }

    /// <summary>The error stream, for progress.</summary>
    public IAnsiConsole Notes { get; }

    public static Screen OfProcess() =>
        new(Console.Out, Console.Error, !Console.IsOutputRedirected && !Console.IsErrorRedirected);

    public void Line(string text = "")
    {
        lock (gate)
        {
            Output.WriteLine(text);
        }
    }

    /// <summary>A line in Spectre's markup; plain text where there is no terminal.</summary>
    public void Markup(string markup)
    {
        lock (gate)
        {
            Out.MarkupLine(markup);
        }
    }

    public void Note(string text)
    {
        lock (gate)
        {
            Error.WriteLine(text);
        }
    }

    /// <summary>One JSON value on a line of its own.</summary>
    public void JsonLine<T>(T value)
    {
        lock (gate)
        {
            Output.WriteLine(JsonSerializer.Serialize(value, Json));
            Output.Flush();
        }
    }

    /// <summary>Says what went wrong and what to do about it.</summary>
    public int Fail(string problem, string mend, int code = ExitCode.Failed)
    {
        lock (gate)
        {
            if (IsTerminal)
            {
                Notes.MarkupLine($"[red]edgemesh:[/] {problem.EscapeMarkup()}");
            }
            else
            {
                Error.WriteLine($"edgemesh: {problem}");
            }

            if (mend.Length > 0)
            {
                Error.WriteLine($"  {mend}");
            }
        }

        return code;
    }

    /// <summary>Says that the topology has no such site, and which it has.</summary>
    public int NoSuchSite(string? name, MeshTopology topology) =>
        Fail($"there is no site '{name}'.", $"Sites: {string.Join(", ", topology.Sites.Select(s => s.Name))}.", ExitCode.WrongUsage);

    private static IAnsiConsole Create(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!isTerminal)
        {
            console.Profile.Width = PlainWidth;
        }

        return console;
    }
}
