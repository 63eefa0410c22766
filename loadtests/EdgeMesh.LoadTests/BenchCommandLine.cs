using System.CommandLine;
using EdgeMesh.LoadTests.Anomalies;
using EdgeMesh.LoadTests.Measuring;
using EdgeMesh.LoadTests.Scenarios;

namespace EdgeMesh.LoadTests;

/// <summary><c>edgemesh bench sidecar</c> and <c>bench anomalies</c>: each side by side with what a user would pick instead, in one run; <c>bench
/// telemetry</c>: logging, spooling, shipping, the monitor and its console.</summary>
internal static class BenchCommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        var json = new Option<bool>("--json") { Description = "Each figure as one line of JSON" };
        var seconds = new Option<int>("--seconds") { Description = "How long each measurement takes; of the sidecar each takes three times as long for each engine, in turns of a second", DefaultValueFactory = _ => 3 };
        var only = new Option<string?>("--only") { Description = "Only scenarios whose name contains this text" };
        var clients = new Option<int?>("--clients") { Description = "Only calls with so many clients" };
        clients.AcceptOnlyFromAmong("1", "32");
        var sidecar = new Command("sidecar", "The embedded sidecar beside daprd: CPU for each call, throughput, p99; memory and start of ten apps")
        {
            json, seconds, only, clients,
        };
        sidecar.SetAction(async (parse, cancellation) =>
        {
            var bench = new SidecarBench(new Report(parse.GetValue(json)), parse.GetValue(seconds), parse.GetValue(only), parse.GetValue(clients));
            return await bench.RunAsync(cancellation);
        });
        return await new RootCommand("Measures EdgeMesh beside what a user would pick instead") { sidecar, Anomalies(json), Telemetry(json, seconds, only) }.Parse(args).InvokeAsync();
    }

    private static Command Anomalies(Option<bool> json)
    {
        var data = new Option<DirectoryInfo>("--data") { Description = "The benchmark's folder: data/CATEGORY/NAME.csv, windows.json, profiles.json; or a checkout of its repository", HelpName = "DIR", Required = true };
        var anomalies = new Command("anomalies", "The anomaly detector beside simple ones on the Numenta Anomaly Benchmark: score and time for each point") { json, data };
        anomalies.SetAction(parse => new AnomalyBench(new AnomalyReport(parse.GetValue(json))).Run(parse.GetRequiredValue(data).FullName));
        return anomalies;
    }

    private static Command Telemetry(Option<bool> json, Option<int> seconds, Option<string?> only)
    {
        var telemetry = new Command("telemetry", "Logs: rate into the spool, the caller's time, rate of draining into OpenSearch (where it is installed); the monitor's memory; the console's first paint and news (where Chromium is)") { json, seconds, only };
        telemetry.SetAction((parse, cancellation) =>
            new TelemetryBench(new FigureReport(parse.GetValue(json)), TimeSpan.FromSeconds(parse.GetValue(seconds)), parse.GetValue(only)).RunAsync(cancellation));
        return telemetry;
    }
}
