using System.Text.Json;
using Spectre.Console;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>Figures of one scenario beside the bars that it must reach.</summary>
/// <param name="Scenario">Its name.</param>
/// <param name="Figures">What was measured, each with its unit in its name.</param>
/// <param name="Missed">Bars that were not reached.</param>
internal sealed record BenchFigures(string Scenario, IReadOnlyDictionary<string, double> Figures, IReadOnlyList<string> Missed);

/// <summary>Prints measurements as JSON lines, or as lines for people.</summary>
internal sealed class FigureReport(bool json)
{
    private static readonly JsonSerializerOptions Compact = new(JsonSerializerDefaults.Web);

    /// <summary>Whether any bar was missed.</summary>
    public bool Failed { get; private set; }

    /// <summary>What a reader must know besides, such as what is not measured here.</summary>
    public void Note(string note)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { note }, Compact));
            return;
        }

        AnsiConsole.MarkupLineInterpolated($"[dim]{note}[/]");
    }

    public void Add(BenchFigures measured)
    {
        Failed |= measured.Missed.Count > 0;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(measured, Compact));
            return;
        }

        var figures = string.Join("  ", measured.Figures.Select(f => FormattableString.Invariant($"{f.Key} {f.Value:0.###}")));
        AnsiConsole.MarkupLineInterpolated($"{measured.Scenario,-16} {figures}  {(measured.Missed.Count == 0 ? "ok" : string.Join(", ", measured.Missed))}");
    }
}
