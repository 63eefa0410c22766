using EdgeMesh.Sidecar;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>The embedded sidecar, one host for all apps.</summary>
internal sealed class EmbeddedEngine : IDaprEngine
{
    private readonly SidecarHost _host;

    private EmbeddedEngine(SidecarHost host) => _host = host;

    public Uri Http(string appId) => _host.HttpEndpoint(appId);

    public Uri Grpc(string appId) => _host.GrpcEndpoint(appId);

    public Uri Metrics(string appId) => _host.AppMetricsEndpoint(appId)!;

    public static async Task<EmbeddedEngine> StartAsync(EngineSetup setup, CancellationToken cancellation, params string[] configurations)
    {
        var options = new SidecarOptions
        {
            Namespace = "core",
            ResourcesPaths = [setup.Resources],
            WatchesResources = setup.WatchesResources,
            WorkingDirectory = setup.Folder,
            Environment = setup.Environment,
            ConfigurationPaths = configurations,
            MutualTls = setup.MutualTls,
            Apps = [.. setup.Apps.Select(a => new SidecarAppOptions
            {
                AppId = a.AppId,
                AppEndpoint = a.Url,
                AppProtocol = Enum.Parse<AppProtocol>(a.Protocol, ignoreCase: true),
                ApiToken = EngineSetup.ApiToken,
                Identity = setup.Identity,
                AppToken = Apps.TestApp.AppToken,
                MetricsPort = setup.HasMetrics ? 0 : null,
                MaxConcurrency = a.MaxConcurrency,
                HealthCheck = a.HealthPath is { } path ? new AppHealthOptions { Path = path, Interval = TimeSpan.FromSeconds(1), Threshold = 1 } : null,
            })],
        };
        var engine = new EmbeddedEngine(await SidecarHost.StartAsync(options, NullLoggerFactory.Instance, cancellation));
        foreach (var app in setup.Apps)
        {
            // Subscriptions stand once the sidecar is healthy, on both engines.
            using var client = new HttpClient { BaseAddress = engine.Http(app.AppId) };
            await Suites.Eventually.HoldsAsync(async () => (await client.GetAsync("/v1.0/healthz", cancellation)).IsSuccessStatusCode, cancellation);
        }

        return engine;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
