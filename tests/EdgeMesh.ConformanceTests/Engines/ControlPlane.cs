using System.Diagnostics;
using System.Globalization;
using EdgeMesh.Sidecar;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>Real placement and scheduler, which daprd needs for actors and jobs; or a real sentry, for mutual TLS.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly List<Process> _processes = [];

    /// <summary>What daprd must be told.</summary>
    public IReadOnlyList<string> Flags { get; private set; } = [];

    /// <summary>What sidecars of both engines must be told; null: there is no sentry.</summary>
    public MutualTlsOptions? MutualTls { get; private set; }

    /// <summary>A sentry that makes its own certificate authority.</summary>
    public static async Task<ControlPlane> StartSentryAsync(string folder, CancellationToken cancellation)
    {
        var plane = new ControlPlane();
        try
        {
            var (credentials, configuration) = (Directory.CreateDirectory(Path.Combine(folder, "sentry")).FullName, Path.Combine(folder, "sentry.yaml"));
            await File.WriteAllTextAsync(configuration, "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: sentry }\nspec: {}\n", cancellation);
            string port = Port(), health = Port();
            plane.Start(folder, "dapr/sentry", port, health, "--issuer-credentials", credentials, "--config", configuration);
            await plane.WaitAsync(health, cancellation);
            plane.MutualTls = new MutualTlsOptions { SentryAddress = $"127.0.0.1:{port}", TrustAnchors = await File.ReadAllTextAsync(Path.Combine(credentials, "ca.crt"), cancellation) };
            return plane;
        }
        catch
        {
            await plane.DisposeAsync();
            throw;
        }
    }

    public static async Task<ControlPlane> StartAsync(string folder, CancellationToken cancellation)
    {
        var plane = new ControlPlane();
        try
        {
            string placement = Port(), placementHealth = Port(), scheduler = Port(), schedulerHealth = Port();
            plane.Start(folder, "dapr/placement", placement, placementHealth, "--initial-cluster", $"dapr-placement-0=127.0.0.1:{Port()}");
            plane.Start(
                folder, "dapr/scheduler", scheduler, schedulerHealth, "--id", "dapr-scheduler-server-0", "--etcd-data-dir", Path.Combine(folder, "scheduler"), "--etcd-client-port", Port(),
                "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://127.0.0.1:{Port()}", "--override-broadcast-host-port", $"127.0.0.1:{scheduler}");
            plane.Flags = ["--placement-host-address", $"127.0.0.1:{placement}", "--scheduler-host-address", $"127.0.0.1:{scheduler}"];
            await plane.WaitAsync(placementHealth, cancellation);
            await plane.WaitAsync(schedulerHealth, cancellation);
            return plane;
        }
        catch
        {
            await plane.DisposeAsync();
            throw;
        }
    }

    private void Start(string folder, string program, string port, string health, params string[] more)
    {
        var start = new ProcessStartInfo(EngineFiles.Find(program)) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])
        [
            "--port", port, "--listen-address", "127.0.0.1", "--healthz-port", health, "--healthz-listen-address", "127.0.0.1", "--metrics-port", Port(),
            "--metrics-listen-address", "127.0.0.1", "--log-level", "error", .. more,
        ])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }

    private async Task WaitAsync(string port, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            if (_processes.Find(p => p.HasExited) is { } dead)
            {
                throw new InvalidOperationException($"{dead.StartInfo.FileName} exited with {dead.ExitCode}.");
            }

            try
            {
                using var answer = await client.GetAsync($"http://127.0.0.1:{port}/healthz", limit.Token);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50, limit.Token);
        }
    }

    private static string Port() => FreePorts.Take().ToString(CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
