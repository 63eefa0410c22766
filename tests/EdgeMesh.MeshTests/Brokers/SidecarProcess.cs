using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.MeshTests.Brokers;

/// <summary>A sidecar as a process of its own, daprd or the embedded engine with the same flags.</summary>
internal sealed class SidecarProcess : IAsyncDisposable
{
    public const string Embedded = "embedded", Daprd = "daprd";

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _said = new();

    private SidecarProcess(Process process, int port) => (_process, Http) = (process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(30) });

    public HttpClient Http { get; }

    public string Said => string.Join('\n', _said);

    /// <summary>Returns when its subscriptions stand.</summary>
    public static async Task<SidecarProcess> StartAsync(string engine, string appId, int appPort, string resources, CancellationToken cancellation)
    {
        var port = FreePorts.Take();
        string[] flags =
        [
            "--app-id", appId, "--app-port", Text(appPort), "--dapr-http-port", Text(port), "--dapr-grpc-port", Text(FreePorts.Take()),
            "--dapr-internal-grpc-port", Text(FreePorts.Take()), "--metrics-port", Text(FreePorts.Take()), "--dapr-listen-addresses", "127.0.0.1",
            "--resources-path", resources, "--log-level", "warn",
        ];
        var start = engine == Daprd
            ? new ProcessStartInfo(ServerProcess.Engine("dapr", "daprd"), [.. flags, "--metrics-listen-address", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1"])
            : new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "edgemesh.dll"), "sidecar", .. flags]);
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, resources);
        (start.Environment["NAMESPACE"], start.Environment["DAPR_HOST_IP"]) = ("core", "127.0.0.1");
        var process = new Process { StartInfo = start };
        var sidecar = new SidecarProcess(process, port);
        process.OutputDataReceived += (_, line) => sidecar.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => sidecar.Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await Patience.HoldsAsync(async () => (await sidecar.Http.GetAsync("/v1.0/healthz", cancellation)).IsSuccessStatusCode, () => sidecar.Said, cancellation);
            return sidecar;
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
    }

    private void Keep(string? line)
    {
        if (line is not null && _said.Count < 500)
        {
            _said.Enqueue(line);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>As a crash: nothing is told to it.</summary>
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
