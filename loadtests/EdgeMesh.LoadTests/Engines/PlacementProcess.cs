using System.Diagnostics;
using System.Globalization;

namespace EdgeMesh.LoadTests.Engines;

/// <summary>Dapr's placement service, which daprd needs for actors; the embedded engine needs nothing beside it. What placement costs is not
/// counted.</summary>
internal sealed class PlacementProcess : IAsyncDisposable
{
    private readonly Process _process;

    private PlacementProcess(Process process, int port) => (_process, Address) = (process, $"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");

    public string Address { get; }

    /// <param name="daprd">Placement lies beside it.</param>
    /// <param name="folder">Where it works.</param>
    /// <param name="cancellation">Ends the waiting for it.</param>
    public static async Task<PlacementProcess> StartAsync(string daprd, string folder, CancellationToken cancellation)
    {
        int port = SidecarProcess.FreePort(), health = SidecarProcess.FreePort();
        string[] arguments =
        [
            "--port", Text(port), "--listen-address", "127.0.0.1", "--healthz-port", Text(health), "--healthz-listen-address", "127.0.0.1", "--metrics-port", Text(SidecarProcess.FreePort()),
            "--metrics-listen-address", "127.0.0.1", "--log-level", "error", "--initial-cluster", $"dapr-placement-0=127.0.0.1:{Text(SidecarProcess.FreePort())}",
        ];
        var process = Process.Start(new ProcessStartInfo(Path.Combine(Path.GetDirectoryName(daprd)!, "placement"), arguments) { WorkingDirectory = folder })!;
        var placement = new PlacementProcess(process, port);
        try
        {
            await Readiness.WaitAsync(process, new Uri($"http://127.0.0.1:{Text(health)}/healthz"), cancellation);
        }
        catch
        {
            await placement.DisposeAsync();
            throw;
        }

        return placement;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
