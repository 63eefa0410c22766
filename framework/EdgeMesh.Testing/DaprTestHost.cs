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
    private static readonly TimeSpan ReadyPause = TimeSpan.FromMilliseconds(10);

    private readonly bool _ownsData;
    private readonly Dictionary<string, HostedApp> _apps;
    private SidecarHost? _sidecar;

    private DaprTestHost(DaprTestHostOptions options)
    {
        _ownsData = options.DataDirectory is null;
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

    /// <summary>Starts the sidecar, then the apps, and waits until all are ready.</summary>
    /// <exception cref="TimeoutException">An app is not ready in <see cref="DaprTestHostOptions.ReadyLimit"/>; the message says what each waits for.</exception>
    public static async Task<DaprTestHost> StartAsync(DaprTestHostOptions options, CancellationToken cancellation)
    {
        var host = new DaprTestHost(options);
        try
        {
            host.WriteSecrets(options);
            host._sidecar = await SidecarHost.StartAsync(host.Sidecar(options), options.Loggers, cancellation);
            foreach (var app in host._apps.Values)
            {
                app.Connect(host._sidecar);
            }

            await Task.WhenAll(host._apps.Values.Select(a => a.StartAsync(cancellation)));
            await host.WaitUntilReadyAsync(options.ReadyLimit, cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Dapr's client, as that app.</summary>
    public DaprClient Dapr(string appId) => Find(appId).Dapr;

    /// <summary>A new HTTP client for the Dapr API of that app's sidecar, with its token.</summary>
    public HttpClient SidecarClient(string appId) => Find(appId).SidecarClient();

    /// <summary>A new HTTP client by which one app invokes another, through its own sidecar: relative addresses are the other's.</summary>
    public HttpClient InvokeClient(string from, string to) => Find(from).SidecarClient($"/v1.0/invoke/{to}/method/");

    /// <summary>A new HTTP client that calls the app directly, as its sidecar does.</summary>
    public HttpClient AppClient(string appId) => Find(appId).AppClient();

    /// <summary>The container of a running app.</summary>
    public IServiceProvider Services(string appId) =>
        Find(appId).Running?.Services ?? throw new InvalidOperationException($"The app '{appId}' is not running.");

    /// <summary>Stops an app; its sidecar stays, and answers as it does when an app is away.</summary>
    public Task StopAppAsync(string appId) => Find(appId).StopAsync();

    /// <summary>Starts an app that was stopped, with the same settings, port and tokens.</summary>
    public Task StartAppAsync(string appId, CancellationToken cancellation) => Find(appId).StartAsync(cancellation);

    /// <summary>Stops the apps, then the sidecar, and removes the temporary folder.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps.Values)
        {
            await app.DisposeAsync();
        }

        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
        }

        if (_ownsData)
        {
            Directory.Delete(DataDirectory, recursive: true);
        }
    }

    private HostedApp Find(string appId) =>
        _apps.GetValueOrDefault(appId) ?? throw new ArgumentException($"No app '{appId}' here; there are {string.Join(", ", _apps.Keys)}.", nameof(appId));

    private SidecarOptions Sidecar(DaprTestHostOptions options)
    {
        var resources = options.ResourcesPath;
        if (resources is null)
        {
            resources = Path.Combine(DataDirectory, "resources.yaml");
            File.WriteAllText(resources, options.Resources);
        }

        return new SidecarOptions
        {
            Namespace = options.Site,
            ResourcesPaths = [resources],
            WorkingDirectory = DataDirectory,
            Clock = options.Clock,
            Apps = [.. _apps.Values.Select(a => a.Sidecar)],
        };
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

    private async Task WaitUntilReadyAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var started = TimeProvider.System.GetTimestamp();
        foreach (var app in _apps.Values.Where(_ => limit > TimeSpan.Zero))
        {
            while (await WaitsForAsync(app, cancellation) is { } reason)
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
    private static async Task<string?> WaitsForAsync(HostedApp app, CancellationToken cancellation)
    {
        if (app.Running is not null)
        {
            using var direct = app.AppClient();
            using var ready = await direct.GetAsync("/readyz", cancellation);
            if (ready.StatusCode != HttpStatusCode.NotFound)
            {
                return ready.IsSuccessStatusCode ? null : await ready.Content.ReadAsStringAsync(cancellation);
            }
        }

        using var sidecar = app.SidecarClient();
        using var health = await sidecar.GetAsync("/v1.0/healthz", cancellation);
        return health.IsSuccessStatusCode ? null : await health.Content.ReadAsStringAsync(cancellation);
    }
}
