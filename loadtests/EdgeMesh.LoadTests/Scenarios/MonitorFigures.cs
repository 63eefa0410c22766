using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using EdgeMesh.LoadTests.Measuring;

namespace EdgeMesh.LoadTests.Scenarios;

/// <summary>What a site's monitor takes of the machine, and how fast its console is. They are measured by tests of theirs, which know how to make
/// such a site and look at it; this runs them one at a time, as programs that the launcher compiled ahead of time as it compiles a site.</summary>
internal sealed partial class MonitorFigures(FigureReport report, string? root)
{
    private const double PaintBar = 1000;

    /// <summary>What the machine can't take back of a monitor and its sidecar; the pages of programs and files are printed beside it.</summary>
    private static readonly FigureTest Memory = new("monitor-memory", "EdgeMesh.Services.Monitor.Tests", "*MemoryTests.Monitor_*", new() { ["heldMegabytes"] = 150 });

    /// <summary>The first visit is that to a console which was never drawn before: a core's draws itself ahead, and is faster.</summary>
    private static readonly FigureTest Console = new("console", "EdgeMesh.Services.Monitor.BrowserTests", "*ConsoleFigures.Figures_*", new()
    {
        ["firstVisitMilliseconds"] = PaintBar, ["fleetMilliseconds"] = PaintBar, ["fleetAgainMilliseconds"] = PaintBar, ["logsMilliseconds"] = PaintBar, ["newsLongestMilliseconds"] = 1000,
    });

    private static readonly string[] Browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

    public async Task RunAsync(CancellationToken cancellation)
    {
        await RunAsync(Memory, cancellation);
        if (Browsers.Any(File.Exists))
        {
            await RunAsync(Console, cancellation);
        }
        else
        {
            report.Note($"console: not measured; Chromium is not at {string.Join(" or ", Browsers)} (Debian: chromium)");
        }
    }

    /// <summary>What a test's output says was measured.</summary>
    public static Dictionary<string, double> Read(IEnumerable<string> output) => output.Select(line => Printed().Match(line)).Where(m => m.Success)
        .ToDictionary(m => m.Groups["name"].Value, m => double.Parse(m.Groups["value"].Value, CultureInfo.InvariantCulture));

    /// <summary>A figure that misses its bar, or that is not there.</summary>
    public static IEnumerable<string> Missed(Dictionary<string, double> figures, Dictionary<string, double> bars) => bars
        .Where(bar => !figures.TryGetValue(bar.Key, out var figure) || figure > bar.Value)
        .Select(bar => figures.ContainsKey(bar.Key) ? FormattableString.Invariant($"{bar.Key} above {bar.Value}") : $"{bar.Key} was not measured");

    private async Task RunAsync(FigureTest test, CancellationToken cancellation)
    {
        var program = Path.Combine(root ?? "/nonexistent", "tests", test.Project, "bin", "ready", test.Project);
        if (!File.Exists(program))
        {
            report.Note($"{test.Scenario}: not measured; the launcher builds what measures it: ./edgemesh bench telemetry");
            return;
        }

        var (code, output) = await OutputAsync(program, ["-method", test.Method, "-showLiveOutput", "-noColor"], cancellation);
        var figures = Read(output);
        var missed = Missed(figures, test.Bars).ToList();
        if (code != 0)
        {
            missed.Add($"its test ended with {code}");
            report.Note($"{test.Scenario}: {string.Join('\n', output)}");
        }

        report.Add(new BenchFigures(test.Scenario, figures, missed));
    }

    private static async Task<(int Code, string[] Output)> OutputAsync(string program, string[] arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        // The test's program looks for .NET by itself; this one was started by it.
        start.Environment.TryAdd("DOTNET_ROOT", Path.GetDirectoryName(Environment.ProcessPath));
        using var process = Process.Start(start)!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(cancellation);
            await process.WaitForExitAsync(cancellation);
            return (process.ExitCode, output.Split('\n'));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [GeneratedRegex(@"figure: (?<name>\w+) (?<value>[0-9.]+)\s*$")]
    private static partial Regex Printed();

    /// <param name="Scenario">What it is called in the report.</param>
    /// <param name="Project">The test project.</param>
    /// <param name="Method">The test.</param>
    /// <param name="Bars">What each figure may be at most.</param>
    private sealed record FigureTest(string Scenario, string Project, string Method, Dictionary<string, double> Bars);
}
