using System.Diagnostics;
using System.Globalization;
using EdgeMesh.LoadTests.Engines;
using EdgeMesh.LoadTests.Measuring;

namespace EdgeMesh.LoadTests.Scenarios;

/// <summary>The sidecars of ten apps that only call: one embedded process for a run file, and ten daprds. Each start is from nothing.</summary>
internal sealed class TenApps(Report report, string daprd, string resources, int rounds)
{
    /// <summary>What it is called in reports and by <c>--only</c>.</summary>
    public const string Name = "ten-apps";

    private const int Apps = 10;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(4);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var (embedded, other) = (new List<StartSample>(), new List<StartSample>());
        for (var round = 0; round < rounds; round++)
        {
            embedded.Add(await EmbeddedAsync(cancellation));
            other.Add(await DaprdAsync(cancellation));
        }

        report.Start(Name, StartSample.Median(embedded), StartSample.Median(other));
    }

    private async Task<StartSample> EmbeddedAsync(CancellationToken cancellation)
    {
        var ports = Enumerable.Range(0, Apps).Select(_ => (Http: SidecarProcess.FreePort(), Grpc: SidecarProcess.FreePort())).ToArray();
        var file = Path.Combine(resources, "..", "dapr.yaml");
        await File.WriteAllTextAsync(file, $"version: 1\ncommon: {{resourcesPath: {resources}}}\napps:\n" + string.Concat(ports.Select((p, n) => string.Create(
            CultureInfo.InvariantCulture, $"  - {{appID: app-{n}, daprHTTPPort: {p.Http}, daprGRPCPort: {p.Grpc}, metricsPort: {SidecarProcess.FreePort()}}}\n"))), cancellation);
        var (program, first) = EmbeddedProgram.Command;
        var began = Stopwatch.GetTimestamp();
        using var process = SidecarProcess.Run(program, [.. first, "--run-file", file, "--log-level", "error"], resources);
        try
        {
            await Task.WhenAll(ports.Select(p => Readiness.WaitAsync(process, new Uri($"http://127.0.0.1:{p.Http}/v1.0/healthz/outbound"), cancellation)));
            return await SampleAsync(began, [new ProcessMeter(process.Id)], cancellation);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private async Task<StartSample> DaprdAsync(CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        var sidecars = Enumerable.Range(0, Apps).Select(n => SidecarProcess.StartDaprd(daprd, new SidecarPlace($"app-{n}", null, resources, resources))).ToArray();
        try
        {
            await Task.WhenAll(sidecars.Select(s => s.ReadyAsync(withApp: false, cancellation)));
            return await SampleAsync(began, [.. sidecars.Select(s => s.Meter)], cancellation);
        }
        finally
        {
            foreach (var sidecar in sidecars)
            {
                await sidecar.DisposeAsync();
            }
        }
    }

    private static async Task<StartSample> SampleAsync(long began, ProcessMeter[] meters, CancellationToken cancellation)
    {
        var (ready, cpu) = (Stopwatch.GetElapsedTime(began).TotalSeconds, meters.Sum(m => m.CpuSeconds()));
        await Task.Delay(Rest, TimeProvider.System, cancellation);
        return new StartSample(ready, cpu, meters.Sum(m => m.PssMegabytes()));
    }
}
