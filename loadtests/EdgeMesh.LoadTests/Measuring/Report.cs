using System.Text.Json;
using Spectre.Console;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>Prints figures beside the bar that they must reach: as JSON lines, or as a table's rows for people.</summary>
internal sealed class Report(bool json)
{
    private static readonly JsonSerializerOptions Compact = new(JsonSerializerDefaults.Web);

    /// <summary>Whether any bar was missed or any call failed.</summary>
    public bool Failed { get; private set; }

    public void Begin(int cores, TimeSpan time, int rounds)
    {
        var method = $"closed loop, each client a connection of its own, the load generator, both apps and both sidecars on one machine; median of {rounds} rounds of {time.TotalSeconds} s, engines in turns";
        if (json)
        {
            Write(new { bench = "sidecar", cores, method });
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated($"[dim]{cores} cores; {method}[/]");
        }
    }

    /// <summary>CPU for each call at most half of daprd's; with 32 clients at least twice its throughput and at most half its p99.</summary>
    public void Calls(string scenario, int clients, Sample embedded, Sample daprd)
    {
        var (cpu, throughput, p99) = (Ratio(embedded.CpuMicroseconds, daprd.CpuMicroseconds), Ratio(embedded.CallsPerSecond, daprd.CallsPerSecond), Ratio(embedded.P99, daprd.P99));
        var missed = new List<string>();
        Miss(cpu > 0.5, $"cpu {cpu} > 0.5");
        Miss(clients == 32 && throughput < 2, $"throughput {throughput} < 2");
        Miss(clients == 32 && p99 > 0.5, $"p99 {p99} > 0.5");
        Miss(embedded.Failed > 0, $"{embedded.Failed} calls failed");
        Failed |= missed.Count > 0;
        if (json)
        {
            Write(new { scenario, clients, embedded, daprd, ratio = new { cpu, throughput, p99 }, missed });
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated(
                $"{scenario,-17} {clients,2}  cpu {embedded.CpuMicroseconds,6:F0} / {daprd.CpuMicroseconds,6:F0} us  {embedded.CallsPerSecond,7:F0} / {daprd.CallsPerSecond,7:F0} /s  p99 {embedded.P99,6:F0} / {daprd.P99,6:F0} us  {(missed.Count == 0 ? "ok" : string.Join(", ", missed))}");
        }

        void Miss(bool isMissed, string what)
        {
            if (isMissed)
            {
                missed.Add(what);
            }
        }
    }

    private static double Ratio(double embedded, double daprd) => Math.Round(embedded / daprd, 2);

    private static void Write(object line) => Console.WriteLine(JsonSerializer.Serialize(line, Compact));
}
