using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using EdgeMesh.LoadTests.Measuring;

namespace EdgeMesh.LoadTests.Engines;

/// <summary>A sidecar under measurement: the embedded one or daprd, started alike, as a process of its own.</summary>
internal sealed class SidecarProcess : IAsyncDisposable
{
    private static int _next = 21_000 + Environment.ProcessId % 2_000;
    private readonly Process _process;

    private SidecarProcess(string engine, Process process, int http, int grpc) =>
        (Engine, _process, Http, Grpc, Meter) = (engine, process, new Uri($"http://127.0.0.1:{http}"), new Uri($"http://127.0.0.1:{grpc}"), new ProcessMeter(process.Id));

    public string Engine { get; }

    public Uri Http { get; }

    public Uri Grpc { get; }

    public ProcessMeter Meter { get; }

    public static Task<SidecarProcess> EmbeddedAsync(string appId, int? appPort, string resources, CancellationToken cancellation) =>
        StartAsync("embedded", "dotnet", [Path.Combine(AppContext.BaseDirectory, "edgemesh.dll"), "sidecar"], appId, appPort, resources, cancellation);

    public static Task<SidecarProcess> DaprdAsync(string daprd, string appId, int? appPort, string resources, CancellationToken cancellation) =>
        StartAsync("daprd", daprd, [], appId, appPort, resources, cancellation);

    /// <summary>Where daprd is: below the folder <c>EDGEMESH_ENGINES</c>, or on PATH; null when it is nowhere.</summary>
    public static string? FindDaprd()
    {
        var environment = Environment.GetEnvironmentVariables();
        return new[] { Path.Combine((string?)environment["EDGEMESH_ENGINES"] ?? "/nonexistent", "dapr", "daprd") }
            .Concat(((string?)environment["PATH"] ?? "").Split(':').Select(p => Path.Combine(p, "daprd"))).FirstOrDefault(File.Exists);
    }

    public static int FreePort()
    {
        while (true)
        {
            var port = Interlocked.Increment(ref _next);
            try
            {
                using var probe = new TcpListener(System.Net.IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken; the next one.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<SidecarProcess> StartAsync(
        string engine, string program, string[] first, string appId, int? appPort, string resources, CancellationToken cancellation)
    {
        int http = FreePort(), grpc = FreePort();
        List<string> arguments =
        [
            .. first, "--app-id", appId, "--dapr-http-port", Text(http), "--dapr-grpc-port", Text(grpc), "--dapr-internal-grpc-port", Text(FreePort()),
            "--metrics-port", Text(FreePort()), "--dapr-listen-addresses", "127.0.0.1", "--resources-path", resources, "--log-level", "error",
        ];
        if (appPort is { } port)
        {
            arguments.AddRange(["--app-port", Text(port)]);
        }

        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = resources, RedirectStandardOutput = true };
        start.Environment["DAPR_HOST_IP"] = "127.0.0.1";
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var sidecar = new SidecarProcess(engine, process, http, grpc);
        await sidecar.WaitUntilReadyAsync(appPort is not null, cancellation);
        return sidecar;
    }

    private async Task WaitUntilReadyAsync(bool withApp, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = Http };
        while (true)
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"{Engine} ended with {_process.ExitCode} instead of starting.");
            }

            try
            {
                using var answer = await client.GetAsync(withApp ? "/v1.0/healthz" : "/v1.0/healthz/outbound", cancellation);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellation);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
