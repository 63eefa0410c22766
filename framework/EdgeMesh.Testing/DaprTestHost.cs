using System.Net;
using System.Text.Json;
using Dapr.Client;
using EdgeMesh.Sidecar;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Testing;

/// <summary>A Dapr sidecar and the apps behind it, in the test's process, on free ports of loopback. Apps talk by HTTP and gRPC as they
/// would anywhere; nothing is replaced by a mock. Tests may run many at once.</summary>
public sealed class DaprTestHost : IAsyncDisposable
{
    private static readonly TimeSpan ReadyPause = TimeSpan.FromMilliseconds(2);

    private readonly DaprTestHostOptions _options;
    private readonly bool _ownsData;
    private readonly Dictionary<string, HostedApp> _apps;
    private SidecarHost? _sidecar;

    /// <summary>Of the sidecar that runs, or ran last.</summary>
    private CancellationTokenSource _killed = new();

    private DaprTestHost(DaprTestHostOptions options)
    {
        (_options, _ownsData, Faults) = (options, options.DataDirectory is null, new FaultPlan(options.Clock, Calls));
        DataDirectory = options.DataDirectory is { } given
            ? Directory.CreateDirectory(given).FullName
            : Directory.CreateTempSubdirectory("edgemesh-test-").FullName;
        string? directoryPath = null;
        if (options.Directory is { } directory)
        {
            directory.Save(directoryPath = Path.Combine(DataDirectory, "mesh.json"));
        }

        _apps = options.Apps.ToDictionary(a => a.AppId, a => new HostedApp(a, options, DataDirectory, directoryPath));
    }

    /// <summary>The site's folder.</summary>
    public string DataDirectory { get; }

    /// <summary>What passed between apps, and between them and components: see <see cref="CallKind"/>.</summary>
    public CallLog Calls { get; } = new();

    /// <summary>Faults on demand.</summary>
    public FaultPlan Faults { get; }

    /// <summary>Starts the sidecar, then the apps, and waits until all are ready.</summary>
    /// <exception cref="ArgumentException">The options can't be used: two apps have one id, or one has a protocol that needs a certificate.</exception>
    /// <exception cref="SidecarConfigurationException">The resources can't be used; the message lists every fault, with file, line and what to do.</exception>
    /// <exception cref="TimeoutException">An app is not ready in <see cref="DaprTestHostOptions.ReadyLimit"/>; the message says what it waits for.</exception>
    public static async Task<DaprTestHost> StartAsync(DaprTestHostOptions options, CancellationToken cancellation)
    {
        if (options.Apps.CountBy(a => a.AppId).FirstOrDefault(a => a.Value > 1) is { Value: > 1 } several)
        {
            throw new ArgumentException($"There are {several.Value} apps '{several.Key}'. Ids must differ.", nameof(options));
        }

        var host = new DaprTestHost(options);
        try
        {
            host.WriteSecrets(options);
            await host.OpenSidecarAsync(cancellation);
            await Task.WhenAll(host._apps.Values.Select(a => a.StartAsync(cancellation)));
            await host.WaitUntilReadyAsync(host._apps.Values.Where(a => !a.IsAttached), cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Dapr's client, as that app. It is the host's, and the same each time.</summary>
    public DaprClient Dapr(string appId) => Find(appId).Dapr;

    /// <summary>A new HTTP client for the Dapr API of that app's sidecar, with its token.</summary>
    public HttpClient SidecarClient(string appId) => Find(appId).SidecarClient();

    /// <summary>A new HTTP client by which one app invokes another, through its own sidecar: relative addresses are the other's.</summary>
    public HttpClient InvokeClient(string from, string to) => Find(from).SidecarClient($"/v1.0/invoke/{to}/method/");

    /// <summary>A new HTTP client that calls the app directly, as its sidecar does: with the app's token, and neither recorded nor faulted.</summary>
    /// <exception cref="InvalidOperationException">The app only calls, or another host runs it.</exception>
    public HttpClient AppClient(string appId) => Find(appId).AppClient();

    /// <summary>The container of a running app, also of an attached one that was told of its sidecar by <c>UseDapr</c>.</summary>
    /// <exception cref="InvalidOperationException">The app is not running.</exception>
    public IServiceProvider Services(string appId) =>
        Find(appId).Services ?? throw new InvalidOperationException($"The app '{appId}' is not running.");

    /// <summary>Stops an app; its sidecar stays, and answers as it does when an app is away.</summary>
    public Task StopAppAsync(string appId) => Find(appId).StopAsync();

    /// <summary>Starts an app that was stopped, with the same settings, port and tokens.</summary>
    public Task StartAppAsync(string appId, CancellationToken cancellation) => Find(appId).StartAsync(cancellation);

    /// <summary>What an app must be told to find its sidecar: configuration keys and values, as <c>dapr run</c> sets them in the environment.</summary>
    public IReadOnlyDictionary<string, string?> Settings(string appId) => Find(appId).Settings();

    /// <summary>Brings an app that another host of this process runs, and waits until its sidecar has asked it what it needs.</summary>
    /// <param name="appId">An app given as <see cref="TestApp.Attached"/>.</param>
    /// <param name="handler">The way to it: <c>factory.Server.CreateHandler()</c>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="InvalidOperationException">This host runs the app itself.</exception>
    /// <exception cref="TimeoutException">The app does not answer in <see cref="DaprTestHostOptions.ReadyLimit"/>.</exception>
    public Task AttachAsync(string appId, HttpMessageHandler handler, CancellationToken cancellation)
    {
        var app = Find(appId);
        app.Attach(handler);
        return WaitUntilReadyAsync([app], cancellation);
    }

    /// <summary>The sidecar stops in order, as on a signal: it takes no new messages, lets calls in flight end (for five seconds), deactivates
    /// actors. Then nothing answers at its ports, and what its components had in memory is lost.</summary>
    public async Task StopSidecarAsync()
    {
        if (Interlocked.Exchange(ref _sidecar, null) is { } sidecar)
        {
            await sidecar.DisposeAsync();
        }
    }

    /// <summary>The sidecar dies, as of <c>kill -9</c>: apps see their connections to it break in the middle of a call, and the calls that they
    /// have in hand aborted. Messages in flight are not acknowledged, actors are told nothing, and what components had in memory is lost.</summary>
    public async Task KillSidecarAsync()
    {
        if (Interlocked.Exchange(ref _sidecar, null) is { } sidecar)
        {
            // First, so that nothing is settled by what the cut does to apps that are at work for it.
            await _killed.CancelAsync();
            await sidecar.CutAsync();
            await sidecar.EndAsync(TimeSpan.Zero);
        }
    }

    /// <summary>A sidecar that was stopped or killed comes back on its ports, and takes up what its components kept. Returns when every app is
    /// ready again.</summary>
    /// <exception cref="InvalidOperationException">The sidecar runs.</exception>
    /// <exception cref="TimeoutException">An app is not ready in <see cref="DaprTestHostOptions.ReadyLimit"/>; the message says what it waits for.</exception>
    public async Task StartSidecarAsync(CancellationToken cancellation)
    {
        await OpenSidecarAsync(cancellation);
        await WaitUntilReadyAsync(_apps.Values, cancellation);
    }

    /// <summary>Lets what <see cref="FaultPlan.Reorder"/> holds back happen, stops the apps, then the sidecar, and removes the temporary folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await Faults.EndAsync();
        foreach (var app in _apps.Values)
        {
            await app.DisposeAsync();
        }

        await StopSidecarAsync();
        if (_ownsData)
        {
            Directory.Delete(DataDirectory, recursive: true);
        }
    }

    internal void Introduce(string appId, IServiceProvider services) => Find(appId).Introduce(services);

    private HostedApp Find(string appId) =>
        _apps.GetValueOrDefault(appId) ?? throw new ArgumentException($"No app '{appId}' here; there are {string.Join(", ", _apps.Keys)}.", nameof(appId));

    private async Task OpenSidecarAsync(CancellationToken cancellation)
    {
        if (_sidecar is not null)
        {
            throw new InvalidOperationException("The sidecar runs.");
        }

        var resources = _options.ResourcesPath;
        if (resources is null)
        {
            resources = Path.Combine(DataDirectory, "resources.yaml");
            await File.WriteAllTextAsync(resources, _options.Resources, cancellation);
        }

        string[] configurations = _options.Configuration is null ? [] : [Path.Combine(DataDirectory, "configuration.yaml")];
        foreach (var path in configurations)
        {
            await File.WriteAllTextAsync(path, _options.Configuration, cancellation);
        }

        _killed.Dispose();
        _killed = new CancellationTokenSource();
        var gate = new CallGate(Calls, Faults, _killed.Token);
        _sidecar = await SidecarHost.StartAsync(new SidecarOptions
        {
            Namespace = _options.Site,
            ResourcesPaths = [resources],
            ConfigurationPaths = configurations,
            WorkingDirectory = DataDirectory,
            Clock = _options.Clock,
            Tap = new ComponentCalls(gate).TapAsync,
            Apps = [.. _apps.Values.Select(a => a.Sidecar(gate))],
        }, _options.Loggers, cancellation);
        foreach (var app in _apps.Values)
        {
            app.Connect(_sidecar);
        }
    }

    private void WriteSecrets(DaprTestHostOptions options)
    {
        var path = Path.Combine(DataDirectory, "secrets.json");
        if (File.Exists(path))
        {
            return;
        }

        var secrets = TestSecrets.Create(options.Site, options.Clock);
        foreach (var (name, value) in options.Secrets)
        {
            secrets[name] = value;
        }

        File.WriteAllText(path, JsonSerializer.Serialize(secrets));
    }

    private async Task WaitUntilReadyAsync(IEnumerable<HostedApp> apps, CancellationToken cancellation)
    {
        var limit = _options.ReadyLimit;
        var started = TimeProvider.System.GetTimestamp();
        foreach (var app in apps.Where(_ => limit > TimeSpan.Zero))
        {
            using var direct = app.Running is null ? null : app.AppClient();
            using var sidecar = app.SidecarClient();
            while (await WaitsForAsync(direct, sidecar, cancellation) is { } reason)
            {
                if (TimeProvider.System.GetElapsedTime(started) > limit)
                {
                    throw new TimeoutException($"The app '{app.AppId}' is not ready after {limit.TotalSeconds} s: {reason}");
                }

                await Task.Delay(ReadyPause, TimeProvider.System, cancellation);
            }
        }
    }

    /// <summary>Null when the app is ready: by its own word if it has <c>/readyz</c>, else by its sidecar's.</summary>
    private static async Task<string?> WaitsForAsync(HttpClient? app, HttpClient sidecar, CancellationToken cancellation)
    {
        if (app is not null)
        {
            using var ready = await app.GetAsync("/readyz", cancellation);
            if (ready.StatusCode != HttpStatusCode.NotFound)
            {
                return ready.IsSuccessStatusCode ? null : await ready.Content.ReadAsStringAsync(cancellation);
            }
        }

        using var health = await sidecar.GetAsync("/v1.0/healthz", cancellation);
        return health.IsSuccessStatusCode ? null : await health.Content.ReadAsStringAsync(cancellation);
    }
}
