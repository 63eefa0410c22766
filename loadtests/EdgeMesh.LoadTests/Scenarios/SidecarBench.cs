using System.Globalization;
using EdgeMesh.LoadTests.Engines;
using EdgeMesh.LoadTests.Measuring;

namespace EdgeMesh.LoadTests.Scenarios;

/// <summary>Every scenario on both engines, in turns, with 1 and 32 clients; then memory and start of ten apps' sidecars.</summary>
/// <param name="report">Takes the figures.</param>
/// <param name="seconds">A third of the time of each scenario with each engine.</param>
/// <param name="only">Part of the names of those that are asked for; null: all.</param>
/// <param name="onlyClients">With how many clients alone.</param>
internal sealed class SidecarBench(Report report, int seconds, string? only, int? onlyClients)
{
    private const int Starts = 3;

    /// <summary>Short, and many: a machine that is slower for a few seconds is so for both engines.</summary>
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    private int Rounds { get; } = 3 * seconds;

    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        if (SidecarProcess.FindDaprd() is not { } daprd)
        {
            Console.Error.WriteLine("edgemesh bench sidecar: daprd is not here. Put it on PATH, or set EDGEMESH_ENGINES to the folder that holds dapr/daprd.");
            return 1;
        }

        var folder = Directory.CreateTempSubdirectory("edgemesh-bench-").FullName;
        try
        {
            report.Begin(Environment.ProcessorCount, EmbeddedProgram.Kind, Round, Rounds);
            var scenarios = Scenario.All.Where(s => IsAsked(s.Name)).ToArray();
            if (scenarios.Length > 0)
            {
                await CallsAsync(daprd, folder, scenarios, cancellation);
            }

            if (onlyClients is null && IsAsked(TenApps.Name))
            {
                await new TenApps(report, daprd, await BenchResources.WriteAsync(folder, "ten", withFiles: false, cancellation), Starts).RunAsync(cancellation);
            }

            report.End();
            return report.Failed ? 1 : 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private bool IsAsked(string name) => only is null || name.Contains(only, StringComparison.Ordinal);

    private async Task CallsAsync(string daprd, string folder, Scenario[] scenarios, CancellationToken cancellation)
    {
        int embeddedPort = SidecarProcess.FreePort(), daprdPort = SidecarProcess.FreePort();
        using var embeddedApp = TargetApp.Start(embeddedPort);
        using var daprdApp = TargetApp.Start(daprdPort);
        try
        {
            await using var placement = await PlacementProcess.StartAsync(daprd, folder, cancellation);
            var (mine, theirs) = (await PlaceAsync("embedded", embeddedPort), await PlaceAsync("daprd", daprdPort));
            await using var embedded = await SidecarProcess.EmbeddedAsync(mine, cancellation);
            await using var other = await SidecarProcess.DaprdAsync(daprd, theirs, placement.Address, cancellation);
            (SidecarProcess, int)[] engines = [(embedded, embeddedPort), (other, daprdPort)];
            foreach (var scenario in scenarios)
            {
                foreach (var clients in scenario.Clients.Where(c => onlyClients is null || c == onlyClients))
                {
                    await CompareAsync(scenario, clients, engines, cancellation);
                }
            }
        }
        finally
        {
            embeddedApp.Kill();
            daprdApp.Kill();
        }

        async Task<SidecarPlace> PlaceAsync(string engine, int port)
        {
            var resources = await BenchResources.WriteAsync(folder, engine, withFiles: true, cancellation);
            return new SidecarPlace("target", port, resources, resources);
        }
    }

    private async Task CompareAsync(Scenario scenario, int clients, (SidecarProcess Sidecar, int AppPort)[] engines, CancellationToken cancellation)
    {
        var samples = engines.ToDictionary(e => e.Sidecar.Engine, _ => new List<Sample>());
        var callers = engines.ToDictionary(e => e.Sidecar.Engine, e => Enumerable.Range(0, clients).Select(n => scenario.Connect(e.Sidecar, n)).ToArray());
        try
        {
            for (var round = -1; round < Rounds; round++)
            {
                foreach (var (sidecar, port) in engines)
                {
                    var before = scenario.Delivers ? await DeliveredAsync(port, cancellation) : 0;
                    var sample = await ClosedLoop.RunAsync(callers[sidecar.Engine], sidecar.Meter, round < 0 ? WarmUp : Round, SettleAsync, cancellation);
                    if (round >= 0)
                    {
                        samples[sidecar.Engine].Add(sample);
                    }

                    Task SettleAsync(long made, CancellationToken cancel) => scenario.Delivers ? AllDeliveredAsync(port, before + made, cancel) : Task.CompletedTask;
                }
            }
        }
        finally
        {
            foreach (var client in callers.Values.SelectMany(c => c))
            {
                client.Dispose();
            }
        }

        report.Calls(scenario, clients, Sample.Median(samples["embedded"]), Sample.Median(samples["daprd"]));
    }

    /// <summary>The CPU of deliveries belongs to their publishing: waits until all have come.</summary>
    private static async Task AllDeliveredAsync(int port, long expected, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (await DeliveredAsync(port, limit.Token) < expected)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }
    }

    private static async Task<long> DeliveredAsync(int port, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        return long.Parse(await client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/delivered"), cancellation), CultureInfo.InvariantCulture);
    }
}
