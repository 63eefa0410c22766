using System.Collections.Concurrent;
using System.Text;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Http.Pipeline;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.MutualTls;
using EdgeMesh.Sidecar.Resiliency;
using EdgeMesh.Sidecar.Resources;
using EdgeMesh.Sidecar.Sidecars;
using EdgeMesh.Sidecar.Tracing;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>One app as the building blocks see it: its options, its way in, the components in its scope.</summary>
internal sealed class AppRuntime(SidecarAppOptions options, SidecarOptions process, RuntimeConfiguration configuration, ComponentCatalog components, AppDirectory directory, ExternalEndpoints endpoints) : IDisposable
{
    private readonly CallerIdentity _identity = new(configuration.AccessControl?.TrustDomain ?? CallerIdentity.DefaultTrustDomain, process.Namespace, options.AppId);
    private volatile bool _isReady;
    private volatile bool _isHealthy = options.HealthCheck is null || options.AppEndpoint is null;
    private volatile bool _isEnding;
    private volatile IReadOnlyList<Subscription> _subscriptions = [];
    private volatile ExternalEndpoints _endpoints = endpoints;
    private volatile ResilienceTable _resilience = new(options.AppId, [], process.Clock);

    public string AppId => options.AppId;

    public SidecarAppOptions Options => options;

    /// <summary>What callers of the API must carry; null: nothing.</summary>
    public byte[]? ApiToken { get; } = options.ApiToken is { Length: > 0 } token ? Encoding.UTF8.GetBytes(token) : null;

    public SidecarOptions Process => process;

    public RuntimeConfiguration Configuration => configuration;

    public AppDirectory Directory => directory;

    /// <summary>Servers outside that the app may invoke.</summary>
    public ExternalEndpoints Endpoints
    {
        get => _endpoints;
        set => _endpoints = value;
    }

    /// <summary>Who it is to those that it calls in this process: what its certificate says, else what its Configuration does.</summary>
    public CallerIdentity Identity => Workload?.Current.Identity ?? _identity;

    /// <summary>Who it is to other sidecars; null: they call each other without TLS.</summary>
    public WorkloadIdentity? Workload { get; init; }

    /// <summary>What calls pass on their way to an app that speaks HTTP.</summary>
    public IReadOnlyList<IHttpMiddleware> Middleware
    {
        init
        {
            if (Channel is { } channel)
            {
                channel.Middleware = value;
            }
        }
    }

    /// <summary>Null: nothing is traced.</summary>
    public AppTracing? Tracing { get; init; }

    /// <summary>What is measured for it under OpenTelemetry's names.</summary>
    public ConventionMetrics Conventions { get; } = new(process.Namespace, options.AppId);

    /// <summary>The jobs of all apps of the process.</summary>
    public required JobStore Jobs { get; init; }

    /// <summary>Null for an app that only calls.</summary>
    public AppChannel? Channel { get; } = options.AppEndpoint is { } endpoint ? new AppChannel(options, endpoint, (int)process.MaxBodySize, new AppCallMetrics(options.AppId, configuration.Metrics, process.Clock)) : null;

    /// <summary>Whether the app answers and its subscriptions stand.</summary>
    public bool IsReady
    {
        get => _isReady;
        set => _isReady = value;
    }

    /// <summary>Whether the app can take work. Where nobody asks it, it can.</summary>
    public bool IsHealthy
    {
        get => _isHealthy;
        set => _isHealthy = value;
    }

    /// <summary>For what the app has in hand.</summary>
    public AppDrain Drain { get; } = new();

    /// <summary>Whether its sidecar is about to stop, and goes on for the app's last work.</summary>
    public bool IsEnding
    {
        get => _isEnding;
        set => _isEnding = value;
    }

    /// <summary>Other sidecars of the machine; null: none are looked for.</summary>
    public RemoteSidecars? Remote { get; init; }

    /// <summary>Subscriptions that stand, for metadata.</summary>
    public IReadOnlyList<Subscription> Subscriptions
    {
        get => _subscriptions;
        set => _subscriptions = value;
    }

    /// <summary>Subscriptions by streams that the app has open.</summary>
    public OpenStreams Streams { get; } = new();

    /// <summary>Actors by streams that the app has open.</summary>
    public OpenStreams ActorStreams { get; } = new();

    /// <summary>What Resiliency resources ask for this app's calls and deliveries.</summary>
    public ResilienceTable Resilience
    {
        get => _resilience;
        set => _resilience = value;
    }

    /// <summary>What clients add to the metadata.</summary>
    public ConcurrentDictionary<string, string> Extended { get; } = new(StringComparer.Ordinal);

    public IReadOnlyCollection<OpenComponent> Components => components.Of(AppId);

    /// <summary>Whether the app has any component of a block: <c>state.</c> As with daprd it is another fault to have none at all.</summary>
    public bool Has(string block) => Components.Any(c => c.Spec.Type.StartsWith(block, StringComparison.Ordinal));

    public OpenComponent? Find(string component) => components.Find(component, AppId);

    public void Dispose()
    {
        Channel?.Dispose();
        Tracing?.Dispose();
        Conventions.Dispose();
        Drain.Dispose();
    }
}
