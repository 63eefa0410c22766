using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>One real <c>daprd</c> for each app, finding each other by a SQLite name resolution.</summary>
internal sealed class DaprdEngine : IDaprEngine
{
    private readonly List<Process> _processes = [];
    private readonly Dictionary<string, (Uri Http, Uri Grpc, Uri Metrics)> _endpoints = [];
    private readonly ConcurrentQueue<string> _log = new();
    private ControlPlane? _controlPlane;

    public Uri Http(string appId) => _endpoints[appId].Http;

    public Uri Grpc(string appId) => _endpoints[appId].Grpc;

    public Uri Metrics(string appId) => _endpoints[appId].Metrics;

    public static async Task<DaprdEngine> StartAsync(EngineSetup setup, CancellationToken cancellation, string? more = null)
    {
        var engine = new DaprdEngine();
        var configuration = await WriteConfigurationAsync(setup, cancellation);
        try
        {
            engine._controlPlane = setup.ControlPlane ? await ControlPlane.StartAsync(setup.Folder, cancellation) : null;
            // One after the other: two that make one SQLite file at the same moment find it locked, and end.
            foreach (var app in setup.Apps)
            {
                engine.Start(setup, app, more is null ? [configuration] : [configuration, more]);
                await engine.WaitUntilReadyAsync(engine.Http(app.AppId), cancellation);
            }
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }

        return engine;
    }

    /// <summary>Sidecars that find each other by one SQLite file.</summary>
    public static async Task<string> WriteConfigurationAsync(EngineSetup setup, CancellationToken cancellation)
    {
        var configuration = Path.Combine(setup.Folder, "daprd.yaml");
        await File.WriteAllTextAsync(configuration, $"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: daprd
            spec:
              nameResolution:
                component: sqlite
                version: v1
                configuration:
                  connectionString: {Path.Combine(setup.Folder, "names.db")}
                  cleanupInterval: "-1s"
                  updateInterval: "30s"
              features:
                - name: ActorStateTTL
                  enabled: true
            """, cancellation);
        return configuration;
    }

    private void Start(EngineSetup setup, EngineApp app, IReadOnlyList<string> configurations)
    {
        int http = FreePorts.Take(), grpc = FreePorts.Take(), metrics = FreePorts.Take();
        _endpoints[app.AppId] = (Url(http), Url(grpc), Url(metrics));
        var start = new ProcessStartInfo(EngineFiles.Find("dapr/daprd"))
        {
            WorkingDirectory = setup.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])
        [
            "--app-id", app.AppId, "--app-port", Text(app.Url.Port), "--app-protocol", app.Protocol, "--dapr-http-port", Text(http), "--dapr-grpc-port", Text(grpc),
            "--dapr-internal-grpc-port", Text(FreePorts.Take()), "--metrics-port", Text(metrics), "--dapr-public-port", Text(FreePorts.Take()),
            "--dapr-listen-addresses", "127.0.0.1", "--resources-path", setup.Resources, "--log-level", "warn",
            "--dapr-internal-grpc-listen-address", "127.0.0.1", "--metrics-listen-address", "127.0.0.1",
            .. _controlPlane?.Flags ?? [], .. setup.MutualTls is { } tls ? ["--enable-mtls", "--sentry-address", tls.SentryAddress] : Array.Empty<string>(), .. More(app), .. configurations.SelectMany(c => new[] { "--config", c }),
        ])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["DAPR_HOST_IP"] = "127.0.0.1";
        start.Environment["NAMESPACE"] = "core";
        start.Environment["DAPR_API_TOKEN"] = EngineSetup.ApiToken;
        start.Environment["APP_API_TOKEN"] = TestApp.AppToken;
        if (setup.MutualTls?.TrustAnchors is { } anchors)
        {
            start.Environment["DAPR_TRUST_ANCHORS"] = anchors;
            start.Environment["SENTRY_LOCAL_IDENTITY"] = setup.Identity ?? "";
        }

        foreach (var (name, value) in setup.Environment)
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }

    private static IEnumerable<string> More(EngineApp app) =>
    [
        .. app.MaxConcurrency is { } places ? ["--app-max-concurrency", Text(places)] : Array.Empty<string>(),
        .. app.HealthPath is { } path ? ["--enable-app-health-check", "--app-health-check-path", path, "--app-health-probe-interval", "1", "--app-health-threshold", "1"] : Array.Empty<string>(),
    ];

    private async Task WaitUntilReadyAsync(Uri http, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = http };
        client.DefaultRequestHeaders.Add("dapr-api-token", EngineSetup.ApiToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync("/v1.0/healthz", limit.Token);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new InvalidOperationException("daprd was not ready in 30 s. It said:\n" + string.Join('\n', _log));
            }

            if (_processes.Find(p => p.HasExited) is { } dead)
            {
                throw new InvalidOperationException($"daprd exited with {dead.ExitCode}. It said:\n" + string.Join('\n', _log));
            }

            await Task.Delay(50, CancellationToken.None);
        }
    }

    private void Keep(string? line)
    {
        if (line is not null && _log.Count < 500)
        {
            _log.Enqueue(line);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        if (_controlPlane is not null)
        {
            await _controlPlane.DisposeAsync();
        }
    }

    private static Uri Url(int port) => new($"http://127.0.0.1:{Text(port)}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
