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

    /// <summary>Ready once this returns.</summary>
    public static async Task<SidecarProcess> EmbeddedAsync(SidecarPlace place, CancellationToken cancellation)
    {
        var (program, first) = EmbeddedProgram.Command;
        return await ReadyAsync(Start("embedded", program, [.. first], place), place, cancellation);
    }

    /// <summary>Ready once this returns.</summary>
    public static Task<SidecarProcess> DaprdAsync(string daprd, SidecarPlace place, string placement, CancellationToken cancellation) =>
        ReadyAsync(StartDaprd(daprd, place, "--placement-host-address", placement), place, cancellation);

    /// <summary>Returns at once; <see cref="ReadyAsync"/> waits for it.</summary>
    public static SidecarProcess StartDaprd(string daprd, SidecarPlace place, params string[] more) => Start("daprd", daprd, more, place);

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

    /// <summary>With its app's subscriptions where it has an app, else for calls.</summary>
    public Task ReadyAsync(bool withApp, CancellationToken cancellation) => Readiness.WaitAsync(_process, new Uri(Http, withApp ? "/v1.0/healthz" : "/v1.0/healthz/outbound"), cancellation);

    private static async Task<SidecarProcess> ReadyAsync(SidecarProcess sidecar, SidecarPlace place, CancellationToken cancellation)
    {
        try
        {
            await sidecar.ReadyAsync(place.AppPort is not null, cancellation);
            return sidecar;
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
    }

    private static SidecarProcess Start(string engine, string program, string[] more, SidecarPlace place)
    {
        int http = FreePort(), grpc = FreePort();
        List<string> arguments =
        [
            .. more, "--app-id", place.AppId, "--dapr-http-port", Text(http), "--dapr-grpc-port", Text(grpc), "--dapr-internal-grpc-port", Text(FreePort()),
            "--metrics-port", Text(FreePort()), "--dapr-listen-addresses", "127.0.0.1", "--resources-path", place.Resources, "--log-level", "error",
        ];
        if (place.AppPort is { } port)
        {
            arguments.AddRange(["--app-port", Text(port)]);
        }

        return new SidecarProcess(engine, Run(program, arguments, place.Work), http, grpc);
    }

    /// <summary>What it prints is read, and not kept.</summary>
    public static Process Run(string program, IEnumerable<string> arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true };
        start.Environment["DAPR_HOST_IP"] = "127.0.0.1";
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <param name="AppId">The app's Dapr id.</param>
/// <param name="AppPort">Where it listens; null: it only calls.</param>
/// <param name="Resources">The folder of components.</param>
/// <param name="Work">Where the sidecar works: one folder for each.</param>
internal sealed record SidecarPlace(string AppId, int? AppPort, string Resources, string Work);
