using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EdgeMesh.Cli.Tests.Sidecars;

/// <summary>A real <c>edgemesh sidecar</c> of an app <c>alpha</c>, which a test may kill.</summary>
internal sealed class SidecarProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SidecarProcess(Process process, Uri http) => (_process, Http) = (process, new HttpClient { BaseAddress = http, Timeout = TimeSpan.FromSeconds(20) });

    public HttpClient Http { get; }

    /// <summary>Serves once this returns.</summary>
    public static async Task<SidecarProcess> StartAsync(string folder, Uri? app, CancellationToken cancellation)
    {
        for (var tries = 0; ; tries++)
        {
            var ports = FreePorts(5);
            List<string> arguments =
            [
                Path.Combine(AppContext.BaseDirectory, "edgemesh.dll"), "sidecar", "--app-id", "alpha", "--resources-path", folder, "--dapr-http-port", ports[0], "--dapr-grpc-port", ports[1],
                "--dapr-internal-grpc-port", ports[2], "--metrics-port", ports[3], "--dapr-public-port", ports[4], "--log-level", "error",
            ];
            if (app is not null)
            {
                arguments.AddRange(["--app-port", app.Port.ToString(CultureInfo.InvariantCulture)]);
            }

            var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = process.StandardError.ReadToEndAsync(cancellation);
            _ = process.StandardOutput.ReadToEndAsync(cancellation);
            var sidecar = new SidecarProcess(process, new Uri($"http://127.0.0.1:{ports[0]}"));
            if (await sidecar.IsReadyAsync(cancellation))
            {
                return sidecar;
            }

            await sidecar.DisposeAsync();
            // A port may be taken between the look and the bind.
            if (tries == 2)
            {
                throw new InvalidOperationException("edgemesh sidecar does not start: " + await said);
            }
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        while (!_process.HasExited)
        {
            try
            {
                using var answer = await Http.GetAsync("/v1.0/healthz", cancellation);
                if (answer.StatusCode == HttpStatusCode.NoContent)
                {
                    return true;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50, cancellation);
        }

        return false;
    }

    private static string[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        Array.ForEach(listeners, l => l.Start());
        var ports = listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture)).ToArray();
        Array.ForEach(listeners, l => l.Stop());
        return ports;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
