using System.Diagnostics;
using EdgeMesh.LoadTests.Engines;
using EdgeMesh.LoadTests.Measuring;
using EdgeMesh.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Serilog;

namespace EdgeMesh.LoadTests.Scenarios;

/// <summary>What logging costs a service. Two callers log a message with three values through the base library, and through Serilog: at a
/// given rate, and as fast as they can; then a spool of known size is drained into OpenSearch. Nothing may be lost at the given rate. Then what looks at it
/// all: the site's monitor and its console.</summary>
internal sealed partial class TelemetryBench(FigureReport report, TimeSpan time, string? only)
{
    private const int Callers = 2;
    private const int Rate = 100_000;
    private const int DrainedRecords = 200_000;
    private const int DrainTurns = 2;
    private const string Model = "logs-edgemesh-default";
    private const double CallerBar = 2;

    /// <summary>Of a bare client's rate: the shipper reads, checks, compresses and syncs on the same machine, so that each record arrives once.</summary>
    private const double DrainBar = 0.7;
    private static readonly TelemetryIdentity Identity = new("bench", "records");
    private static readonly Uri Nobody = new("http://127.0.0.1:1");

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        report.Note($"{Environment.ProcessorCount} cores, {Callers} callers, {time.TotalSeconds} s each; no index is there while the spool is measured");
        if (IsWanted("spool", "spool-flat-out"))
        {
            await BaseLibraryAsync("warm-up", TimeSpan.FromSeconds(2), Rate, _ => { });
            await BaseLibraryAsync("spool", time, Rate, report.Add);
            await BaseLibraryAsync("spool-flat-out", time, null, report.Add);
        }

        if (IsWanted("serilog", "serilog-alone"))
        {
            await SerilogAsync("serilog", time, Rate, report.Add);
            await SerilogAloneAsync("serilog-alone", time);
        }

        if (IsWanted("drain"))
        {
            await DrainAsync(cancellation);
        }

        if (IsWanted("monitor-memory", "console"))
        {
            await new MonitorFigures(report, (string?)Environment.GetEnvironmentVariables()["EDGEMESH_ROOT"]).RunAsync(cancellation);
        }

        return report.Failed ? 1 : 0;
    }

    /// <param name="scenarios">Those that are measured together.</param>
    private bool IsWanted(params string[] scenarios) => only is null || scenarios.Any(s => s.Contains(only, StringComparison.OrdinalIgnoreCase));

    private static LogShippingOptions Options(string folder, Uri index) => new()
    {
        Url = index,
        Spool = new LogSpoolOptions { Folder = folder, Quota = 8L << 30 },
    };

    private static async Task BaseLibraryAsync(string scenario, TimeSpan time, int? rate, Action<BenchFigures> report)
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-bench-").FullName;
        try
        {
            // The share is this one's; the logger's is another in the same spool.
            using var shipping = LogShipping.Take(Options(folder, Nobody), Identity, TimeProvider.System);
            using var loggers = Loggers(folder);
            var logger = loggers.CreateLogger("EdgeMesh.Bench.Some");
            await MeasureAsync(scenario, shipping, time, rate, n => LogSealed(logger, n, "notes", n / 7.0), report);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task SerilogAsync(string scenario, TimeSpan time, int? rate, Action<BenchFigures> report)
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-bench-").FullName;
        try
        {
            using var shipping = LogShipping.Take(Options(folder, Nobody), Identity, TimeProvider.System);
            await using var logger = new LoggerConfiguration().WriteTo.EdgeMesh(Options(folder, Nobody), Identity.Site, Identity.Service).CreateLogger();
            await MeasureAsync(scenario, shipping, time, rate, n => logger.Information("Sealed {Count} of {Journal} in {Milliseconds} ms", n, "notes", n / 7.0), report);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>What Serilog itself takes of the above: the same, to a sink that does nothing.</summary>
    private async Task SerilogAloneAsync(string scenario, TimeSpan time)
    {
        await using var logger = new LoggerConfiguration().WriteTo.Sink(new NoSink()).CreateLogger();
        var run = new CallerRun(time, Rate / Callers, n => logger.Information("Sealed {Count} of {Journal} in {Milliseconds} ms", n, "notes", n / 7.0));
        run.Start();
        run.Join();
        report.Add(new BenchFigures(scenario, new Dictionary<string, double> { ["callerMicroseconds"] = Math.Round(run.BusySeconds * 1e6 / run.Count, 3), ["callerCpuMicroseconds"] = Math.Round(run.CpuSeconds * 1e6 / run.Count, 3) }, []));
    }

    private static async Task MeasureAsync(string scenario, LogShipping shipping, TimeSpan time, int? rate, Action<int> log, Action<BenchFigures> report)
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var started = Stopwatch.GetTimestamp();
        var runs = Enumerable.Range(0, Callers).Select(_ => new CallerRun(time, rate / Callers, log)).ToList();
        runs.ForEach(r => r.Start());
        runs.ForEach(r => r.Join());
        var synced = await shipping.Spool.FlushAsync();
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var (count, busy) = (runs.Sum(r => r.Count), runs.Sum(r => r.BusySeconds));
        var status = shipping.Spool.Status;
        var caller = busy * 1e6 / count;
        List<string> missed = [];
        if (rate is not null)
        {
            missed.AddRange(caller > CallerBar ? [$"caller's time above {CallerBar} us"] : []);
            missed.AddRange(status.LostRecords > 0 || !synced ? [$"{status.LostRecords} lost"] : []);
            missed.AddRange(count / seconds < rate * 0.95 ? [$"below {rate} events a second"] : []);
        }

        report(new BenchFigures(scenario, new Dictionary<string, double>
        {
            ["eventsPerSecond"] = Math.Round(status.BacklogRecords / seconds),
            ["callerMicroseconds"] = Math.Round(caller, 3),
            ["callerCpuMicroseconds"] = Math.Round(runs.Sum(r => r.CpuSeconds) * 1e6 / count, 3),
            ["callerWorstMilliseconds"] = Math.Round(runs.Max(r => r.WorstSeconds) * 1e3, 2),
            ["allocatedBytesPerEvent"] = Math.Round((GC.GetTotalAllocatedBytes() - allocated) / (double)count),
            ["bytesPerEvent"] = Math.Round(status.BacklogBytes / (double)Math.Max(1, status.BacklogRecords)),
            ["lostPerMillion"] = Math.Round(status.LostRecords * 1e6 / count),
        }, missed));
    }

    private async Task DrainAsync(CancellationToken cancellation)
    {
        if (OpenSearchProcess.Find() is not { } program)
        {
            report.Note("drain: not measured; OpenSearch is not here (set EDGEMESH_ENGINES to the folder with opensearch/start)");
            return;
        }

        var folder = Directory.CreateTempSubdirectory("edgemesh-bench-").FullName;
        try
        {
            await using var server = await OpenSearchProcess.StartAsync(program, Path.Combine(folder, "index"), cancellation);
            // The server compiles what it runs: what comes first is slower, whoever sends it.
            await FillAsync(Path.Combine(folder, "warm-up"));
            await DrainAsync(server.Url, Model, Path.Combine(folder, "warm-up"), cancellation);
            using var bare = new BareBulk(server.Url, Model);
            var (taken, drained, waited) = (0.0, 0.0, 0.0);
            for (var turn = 0; turn < DrainTurns; turn++)
            {
                // Each into a stream of its own, as one that holds records already takes new ones more slowly; now one first and now the other, as the index
                // still merges what the one before sent.
                await FillAsync(Path.Combine(folder, $"spool{turn}"));
                if (turn % 2 == 0)
                {
                    await SendBareAsync(turn);
                }

                var (rate, share) = await DrainAsync(server.Url, $"logs-edgemesh-drain{turn}", Path.Combine(folder, $"spool{turn}"), cancellation);
                (drained, waited) = (drained + (rate / DrainTurns), waited + (share / DrainTurns));
                if (turn % 2 == 1)
                {
                    await SendBareAsync(turn);
                }
            }

            async Task SendBareAsync(int turn) => taken += await bare.SendAsync($"logs-edgemesh-bare{turn}", DrainedRecords, cancellation) / DrainTurns;

            report.Add(new BenchFigures(
                "drain",
                new Dictionary<string, double>
                {
                    ["eventsPerSecond"] = Math.Round(drained),
                    ["bareEventsPerSecond"] = Math.Round(taken),
                    ["shareOfBare"] = Math.Round(drained / taken, 2),
                    ["timeTheIndexWorked"] = Math.Round(waited, 2),
                },
                drained < taken * DrainBar ? [$"below {DrainBar} of what the index takes of a client that does nothing else"] : []));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <returns>Records a second, from the first that arrive to the last, and the share of that time in which the index had a request to answer.</returns>
    private static async Task<(double Rate, double Share)> DrainAsync(Uri server, string stream, string folder, CancellationToken cancellation)
    {
        using var shipping = LogShipping.Take(Options(folder, server) with { Stream = stream }, Identity, TimeProvider.System);
        using var waiting = new RequestTime();
        var (first, started, before) = (0L, 0L, 0.0);
        while (shipping.Status.Delivered < DrainedRecords)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellation);
            if (first == 0 && shipping.Status.Delivered is > 0 and var delivered)
            {
                (first, started, before) = (delivered, Stopwatch.GetTimestamp(), waiting.Seconds);
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return ((DrainedRecords - first) / seconds, (waiting.Seconds - before) / seconds);
    }

    private static async Task FillAsync(string folder)
    {
        using var shipping = LogShipping.Take(Options(folder, Nobody), Identity, TimeProvider.System);
        using var loggers = Loggers(folder);
        var logger = loggers.CreateLogger("EdgeMesh.Bench.Some");
        for (var n = 0; n < DrainedRecords; n++)
        {
            LogSealed(logger, n, "notes", n / 7.0);
            if (n % 1000 == 999)
            {
                await shipping.Spool.FlushAsync();
            }
        }

        await shipping.Spool.FlushAsync();
    }

    private static ILoggerFactory Loggers(string folder)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            [new("EdgeMesh:LogShipping:Url", Nobody.AbsoluteUri), new(TelemetrySettings.SpoolFolder, folder)]).Build();
        return LoggerFactory.Create(logging => logging.AddEdgeMeshShipping(configuration, Identity));
    }

    private sealed class NoSink : Serilog.Core.ILogEventSink
    {
        public void Emit(Serilog.Events.LogEvent logEvent)
        {
        }
    }

    [LoggerMessage(LogLevel.Information, "Sealed {Count} of {Journal} in {Milliseconds} ms")]
    private static partial void LogSealed(Microsoft.Extensions.Logging.ILogger logger, int count, string journal, double milliseconds);
}
