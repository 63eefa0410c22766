using System.Text.Json;
using EdgeMesh.LoadTests.Scenarios;
using Spectre.Console;

namespace EdgeMesh.LoadTests.Measuring;

/// <summary>Prints figures beside the bar that they must reach: as JSON lines, or as a table's rows for people.</summary>
internal sealed class Report(bool json)
{
    private static readonly JsonSerializerOptions Compact = new(JsonSerializerDefaults.Web);

    /// <summary>Whether any bar was missed or any call failed.</summary>
    public bool Failed { get; private set; }

    /// <summary>Where the embedded engine takes more or does less than daprd, bar or not.</summary>
    private readonly List<string> _slower = [];

    /// <param name="cores">Of the machine.</param>
    /// <param name="kind">How the embedded engine is compiled.</param>
    /// <param name="time">Of a measurement.</param>
    /// <param name="rounds">Of each.</param>
    public void Begin(int cores, string kind, TimeSpan time, int rounds)
    {
        var method = $"embedded engine {kind}; closed loop, each client a connection of its own, the load generator, both apps and both sidecars on one machine; median of {rounds} rounds of {time.TotalSeconds} s, engines in turns; "
            + "ten-apps: from the first process's start until every sidecar answers /v1.0/healthz/outbound, then PSS after 4 s";
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
    public void Calls(Scenario scenario, int clients, Sample embedded, Sample daprd)
    {
        var (cpu, throughput, p99) = (Ratio(embedded.CpuMicroseconds, daprd.CpuMicroseconds), Ratio(embedded.CallsPerSecond, daprd.CallsPerSecond), Ratio(embedded.P99, daprd.P99));
        var missed = new List<string>();
        Miss(scenario.HasBar && cpu > 0.5, $"cpu {cpu} > 0.5");
        Miss(clients == 32 && throughput < 2, $"throughput {throughput} < 2");
        Miss(clients == 32 && p99 > 0.5, $"p99 {p99} > 0.5");
        Miss(embedded.Failed > 0, $"{embedded.Failed} calls failed");
        Failed |= missed.Count > 0;
        if (cpu > 1 || throughput < 1 || p99 > 1)
        {
            _slower.Add($"{scenario.Name} with {clients}: cpu {cpu}, throughput {throughput}, p99 {p99}");
        }

        if (json)
        {
            Write(new { scenario = scenario.Name, clients, embedded, daprd, ratio = new { cpu, throughput, p99 }, missed });
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated(
                $"{scenario.Name,-17} {clients,2}  cpu {embedded.CpuMicroseconds,6:F0} / {daprd.CpuMicroseconds,6:F0} us  {embedded.CallsPerSecond,7:F0} / {daprd.CallsPerSecond,7:F0} /s  p99 {embedded.P99,6:F0} / {daprd.P99,6:F0} us  generator {embedded.GeneratorMicroseconds,3:F0} / {daprd.GeneratorMicroseconds,3:F0} us  {(missed.Count == 0 ? "ok" : string.Join(", ", missed))}");
        }

        void Miss(bool isMissed, string what)
        {
            if (isMissed)
            {
                missed.Add(what);
            }
        }
    }

    /// <summary>Memory and start each at most a fifth of daprd's.</summary>
    public void Start(string scenario, StartSample embedded, StartSample daprd)
    {
        var (memory, ready, cpu) = (Ratio(embedded.Megabytes, daprd.Megabytes), Ratio(embedded.ReadySeconds, daprd.ReadySeconds), Ratio(embedded.CpuSeconds, daprd.CpuSeconds));
        string[] missed = [.. memory > 0.2 ? [$"memory {memory} > 0.2"] : Array.Empty<string>(), .. ready > 0.2 ? [$"start {ready} > 0.2"] : Array.Empty<string>()];
        Failed |= missed.Length > 0;
        if (json)
        {
            Write(new { scenario, embedded, daprd, ratio = new { memory, ready, cpu }, missed });
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated(
                $"{scenario,-17}     memory {embedded.Megabytes:F0} / {daprd.Megabytes:F0} MB  ready {embedded.ReadySeconds:F2} / {daprd.ReadySeconds:F2} s  cpu {embedded.CpuSeconds:F2} / {daprd.CpuSeconds:F2} s  {(missed.Length == 0 ? "ok" : string.Join(", ", missed))}");
        }
    }

    /// <summary>Names what is slower than daprd, if anything is.</summary>
    public void End()
    {
        if (json)
        {
            Write(new { slower = _slower });
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated($"[dim]slower than daprd in some figure: {(_slower.Count == 0 ? "nothing" : string.Join("; ", _slower))}[/]");
        }
    }

    private static double Ratio(double embedded, double daprd) => Math.Round(embedded / daprd, 2);

    private static void Write(object line) => Console.WriteLine(JsonSerializer.Serialize(line, Compact));
}
