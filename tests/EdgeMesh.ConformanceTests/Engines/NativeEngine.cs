using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>The sidecar compiled to native code: one process for all apps, told by a run file.</summary>
internal sealed class NativeEngine : IDaprEngine
{
    private readonly Process _process;
    private readonly Dictionary<string, (Uri Http, Uri Grpc)> _endpoints;
    private readonly ConcurrentQueue<string> _log = new();

    private NativeEngine(Process process, Dictionary<string, (Uri Http, Uri Grpc)> endpoints) => (_process, _endpoints) = (process, endpoints);

    public Uri Http(string appId) => _endpoints[appId].Http;

    public Uri Grpc(string appId) => _endpoints[appId].Grpc;

    public static async Task<NativeEngine> StartAsync(EngineSetup setup, CancellationToken cancellation, params string[] configurations)
    {
        var file = Path.Combine(setup.Folder, $"dapr-{setup.Apps[0].AppId}.yaml");
        var endpoints = setup.Apps.ToDictionary(a => a.AppId, _ => (Url(FreePorts.Take()), Url(FreePorts.Take())));
        await File.WriteAllTextAsync(file, RunFile(setup, endpoints, configurations), cancellation);
        var start = new ProcessStartInfo(Program(), ["--run-file", file, "--log-level", "warn", .. setup.MutualTls is { } tls ? ["--enable-mtls", "--sentry-address", tls.SentryAddress] : Array.Empty<string>()])
        {
            WorkingDirectory = setup.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
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

        var engine = new NativeEngine(new Process { StartInfo = start }, endpoints);
        engine.Start();
        try
        {
            foreach (var app in setup.Apps)
            {
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

    /// <summary>As the Dapr CLI takes it.</summary>
    private static string RunFile(EngineSetup setup, Dictionary<string, (Uri Http, Uri Grpc)> endpoints, string[] configurations)
    {
        var common = $"version: 1\ncommon:\n  resourcesPaths: [{setup.Resources}]\n  env: {{NAMESPACE: core}}\n" + (configurations.Length == 0 ? "" : $"  configFilePath: [{string.Join(", ", configurations)}]\n");
        return common + "apps:\n" + string.Concat(setup.Apps.Select(app => string.Create(CultureInfo.InvariantCulture,
            $"  - {{appID: {app.AppId}, appPort: {app.Url.Port}, appProtocol: {app.Protocol}, daprHTTPPort: {endpoints[app.AppId].Http.Port}, daprGRPCPort: {endpoints[app.AppId].Grpc.Port}}}\n")));
    }

    /// <summary>Where the launcher puts it. One that is missing is a failure, never a skip.</summary>
    private static string Program()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeMesh.sln")))
            {
                var program = Path.Combine(folder.FullName, "cli/EdgeMesh.SidecarProgram/bin/native/edgemesh-sidecar");
                return File.Exists(program) ? program : throw new InvalidOperationException($"'{program}' is missing: ./edgemesh sidecar --version compiles it.");
            }
        }

        throw new InvalidOperationException("The tests are not below the repository, where the native sidecar is.");
    }

    private void Start()
    {
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private async Task WaitUntilReadyAsync(Uri http, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = http };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!_process.HasExited)
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
                throw new InvalidOperationException("The native sidecar was not ready in 30 s. It said:\n" + string.Join('\n', _log));
            }

            await Task.Delay(10, cancellation);
        }

        throw new InvalidOperationException($"The native sidecar exited with {_process.ExitCode}. It said:\n" + string.Join('\n', _log));
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
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static Uri Url(int port) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
}
