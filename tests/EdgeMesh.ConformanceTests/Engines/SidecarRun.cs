using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using EdgeMesh.Sidecar;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>A sidecar as a launcher starts it: by flags and environment, and known by its ports, its output and its exit code alone.</summary>
internal abstract class SidecarRun : IAsyncDisposable
{
    private static readonly string[] Quiet = ["--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1"];

    public int HttpPort { get; } = FreePorts.Take();

    public int GrpcPort { get; } = FreePorts.Take();

    /// <summary>For health and metadata, where the flags ask for it.</summary>
    public int PublicPort { get; } = FreePorts.Take();

    public int MetricsPort { get; } = FreePorts.Take();

    /// <summary>0 once it has stopped as it was told to.</summary>
    public abstract Task<int> ExitCode { get; }

    protected static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["NAMESPACE"] = "core", ["DAPR_API_TOKEN"] = EngineSetup.ApiToken, ["DAPR_HOST_IP"] = "127.0.0.1",
    };

    /// <summary>Flags for an app <c>alpha</c> that only calls; those that come later win.</summary>
    public string[] Flags(params string[] more) =>
    [
        "--app-id", "alpha", "--dapr-http-port", Text(HttpPort), "--dapr-grpc-port", Text(GrpcPort), "--dapr-internal-grpc-port", Text(FreePorts.Take()), "--metrics-port", Text(MetricsPort), .. Quiet, .. more,
    ];

    /// <summary>Its output so far.</summary>
    public abstract string Said { get; }

    public abstract void Start(string[] flags, string folder);

    /// <summary>As SIGTERM.</summary>
    public abstract void Stop();

    public abstract ValueTask DisposeAsync();

    /// <summary>An HTTP client of a port.</summary>
    public HttpClient Client(int? port = null, string? token = EngineSetup.ApiToken, string address = "127.0.0.1")
    {
        var client = new HttpClient { BaseAddress = new Uri($"http://{address}:{Text(port ?? HttpPort)}"), Timeout = TimeSpan.FromSeconds(20) };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Add("dapr-api-token", token);
        }

        return client;
    }

    /// <summary>Asks until it takes calls.</summary>
    public Task ReadyAsync(HttpClient client, CancellationToken cancellation) => Suites.Eventually.HoldsAsync(
        async () =>
        {
            if (ExitCode.IsCompleted)
            {
                throw new InvalidOperationException($"The sidecar ended with {await ExitCode}.");
            }

            try
            {
                using var answer = await client.GetAsync("/v1.0/healthz/outbound", cancellation);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        cancellation);

    protected static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}

/// <summary><c>edgemesh sidecar</c>'s command line in this process.</summary>
internal sealed class EmbeddedRun : SidecarRun
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Guards what was said.</summary>
    private readonly Lock _lock = new();
    private readonly StringBuilder _said = new();
    private Task<int> _run = Task.FromResult(-1);

    public override Task<int> ExitCode => _run;

    public override string Said
    {
        get
        {
            lock (_lock)
            {
                return _said.ToString();
            }
        }
    }

    public override void Start(string[] flags, string folder) => _run = SidecarCommandLine.RunAsync(flags, Environment, new Output(this), TextWriter.Null, _stop.Token);

    public override void Stop() => _stop.Cancel();

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private sealed class Output(EmbeddedRun run) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            lock (run._lock)
            {
                run._said.AppendLine(value);
            }
        }

        public override Task WriteLineAsync(string? value)
        {
            WriteLine(value);
            return Task.CompletedTask;
        }
    }
}

/// <summary>A real <c>daprd</c>.</summary>
internal sealed class DaprdRun : SidecarRun
{
    private readonly ConcurrentQueue<string> _said = new();
    private Process? _process;
    private Task<int> _ended = Task.FromResult(-1);

    public override Task<int> ExitCode => _ended;

    public override string Said => string.Join('\n', _said);

    public override void Start(string[] flags, string folder)
    {
        var start = new ProcessStartInfo(EngineFiles.Find("dapr/daprd"), flags) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ended = EndAsync(_process);
    }

    private static async Task<int> EndAsync(Process process)
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    public override void Stop()
    {
        using var kill = Process.Start("kill", ["-TERM", Text(_process!.Id)]);
        kill.WaitForExit();
    }

    private void Keep(string? line)
    {
        if (line is not null && _said.Count < 200)
        {
            _said.Enqueue(line);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill();
            await _ended;
            _process.Dispose();
        }
    }
}
