using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Rollouts;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers;
using EdgeMesh.Services.Functions.Triggers.Changes;

namespace EdgeMesh.Services.Functions.Store;

/// <summary>The opened journal, what follows it, and what runs by it. Opened once, when the sidecar answers.</summary>
internal sealed class FunctionsStore : IAsyncDisposable
{
    private const long CacheBytes = 1024 * 1024;

    /// <summary>What calls under way have to end by themselves when the service stops: as long as a function's call may take where its manifest says nothing.</summary>
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);

    private readonly ITimer _ending;
    private readonly JournalAnnouncer _announcer;
    private readonly CatalogFollower _follower;
    private readonly LoadedFunctions _loaded;
    private readonly FunctionMetrics _metrics;
    private readonly RecordChanges _records;
    private readonly Relay _relay;

    private FunctionsStore(
        Journal changes, CatalogFollower follower, Catalog catalog, IReadOnlyCollection<DeployerIdentity> trusted, CompiledModules compiled, IServiceProvider services)
    {
        (Changes, _follower, Catalog) = (changes, follower, catalog);
        var (clock, loops) = (services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<FollowerLoop>>());
        var (options, identity) = (services.GetRequiredService<FunctionsOptions>(), services.GetRequiredService<SiteIdentity>());
        Following = new FollowerLoop(changes, follower, clock, loops);
        Links = new MeshLinks(
            services.GetRequiredService<MeshDirectory>(), changes, services.GetRequiredService<IJournalStore>(), [], services.GetRequiredService<AppClients>(), clock,
            services.GetRequiredService<ILogger<MeshLinks>>());
        _announcer = new JournalAnnouncer(changes, services.GetRequiredService<DaprClient>(), clock, services.GetRequiredService<ILogger<JournalAnnouncer>>());
        var modules = new ModuleParts(changes);
        _loaded = new LoadedFunctions(options, modules, compiled, clock);
        _ending = clock.CreateTimer(_ => _loaded.Stop(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Deployer = new Deployer(changes, Following, Catalog, modules, _loaded, trusted, identity, services.GetRequiredService<MeshDirectory>(), options);
        var relayed = new RolloutRelay(changes, Catalog, identity);
        _relay = new Relay(Catalog, Deployer, relayed, services.GetRequiredService<MeshDirectory>(), services.GetRequiredService<ILogger<Relay>>());
        _metrics = new FunctionMetrics(identity.Site);
        var states = new FunctionStates(services.GetRequiredService<DaprClient>(), identity);
        var host = new HostServices(services.GetRequiredService<DaprClient>(), services.GetRequiredService<AppClients>(), identity, _metrics, states);
        var usage = new UsageTotals(services.GetRequiredService<DaprClient>(), identity, clock, services.GetRequiredService<ILogger<UsageTotals>>());
        Calls = new FunctionCalls(_loaded, host, usage, clock, options, services.GetRequiredService<ILogger<FunctionCalls>>());
        var book = new RolloutBook(changes, Following, catalog, identity, services.GetRequiredService<MeshDirectory>(), clock, services.GetRequiredService<ILogger<RolloutBook>>());
        Rollouts = new SiteRollouts(book, catalog, identity, services.GetRequiredService<RolloutActors>(), clock, services.GetRequiredService<ILogger<SiteRollouts>>());
        Calls.Called += Rollouts.Called;
        _records = new RecordChanges(
            services.GetRequiredService<IJournalStore>(), identity, services.GetRequiredService<AppClients>(), clock, services.GetRequiredService<ILogger<RecordChanges>>());
        Triggers = new SiteTriggers(
            Catalog, name => Catalog.Find(name) is { } function ? Choose(function) : null, Calls, services.GetRequiredService<DaprClient>(),
            services.GetRequiredService<SidecarEndpoints>(), _records, states, identity, clock, services.GetRequiredService<ILogger<SiteTriggers>>());
    }

    public Journal Changes { get; }

    public Catalog Catalog { get; }

    /// <summary>Brings the catalogue up to the journal.</summary>
    public FollowerLoop Following { get; }

    public MeshLinks Links { get; }

    public Deployer Deployer { get; }

    public FunctionCalls Calls { get; }

    public SiteRollouts Rollouts { get; }

    public SiteTriggers Triggers { get; }

    /// <summary>The version for a call; null: the function does not run here.</summary>
    public KnownBundle? Choose(KnownFunction function) => Catalog.FindBundle(Rollouts.Choose(function));

    public static async Task<FunctionsStore> OpenAsync(IServiceProvider services, OwnedParts parts, CancellationToken cancellation)
    {
        var (identity, options) = (services.GetRequiredService<SiteIdentity>(), services.GetRequiredService<FunctionsOptions>());
        var secrets = services.GetRequiredService<SiteSecrets>();
        var trusted = await TrustedDeployers.ReadAsync(secrets, cancellation);
        var siteKey = await secrets.GetBytesAsync(SiteSecrets.SiteKey, cancellation);
        var folder = Directory.CreateDirectory(Path.Combine(identity.DataDirectory, "functions")).FullName;
        var changes = parts.Own(await Journal.OpenAsync(
            new JournalName(identity.Site, FunctionsApp.AppId, JournalName.Changes), services.GetRequiredService<IJournalStore>(),
            new JournalOptions
            {
                Clock = services.GetRequiredService<TimeProvider>(),
                SharePolicy = new ShareWithAll(services.GetRequiredService<MeshDirectory>()),
                MarkerPath = Path.Combine(folder, "changes.epoch"),
                CacheBytes = CacheBytes,
            },
            cancellation));
        var catalog = new Catalog(identity.Site, options.Labels);
        var follower = new CatalogFollower(
            changes, catalog, trusted, services.GetRequiredService<MeshDirectory>(), Path.Combine(folder, "catalog.json"), services.GetRequiredService<ILogger<CatalogFollower>>());
        var compiled = new CompiledModules(
            Path.Combine(folder, "compiled"), siteKey, options.CompiledMegabytes * 1024L * 1024, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<CompiledModules>>());
        return new FunctionsStore(changes, follower, catalog, trusted, compiled, services);
    }

    /// <summary>Begins to work once the catalogue knows what the journal knew at the start: whoever decided before would take the first
    /// word that he read for the last.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        Following.Start();
        await Following.ReachAsync(Changes.Head, cancellation);
        Calls.Usage.Start();
        Rollouts.Start();
        _relay.Start();
        Triggers.Start();
        Links.Start();
        _announcer.Start();
    }

    /// <summary>The service is about to stop: calls under way are ended after <see cref="StopGrace"/>, and come again after the next start.</summary>
    public void BeginStop() => _ending.Change(StopGrace, Timeout.InfiniteTimeSpan);

    /// <summary>Stops what brings work before what does it, and followers before what they follow.</summary>
    public async ValueTask DisposeAsync()
    {
        await Triggers.DisposeAsync();
        await _records.DisposeAsync();
        await Links.DisposeAsync();
        await _announcer.DisposeAsync();
        await _relay.DisposeAsync();
        await Rollouts.DisposeAsync();
        await Calls.Usage.DisposeAsync();
        Calls.Dispose();
        await _ending.DisposeAsync();
        _loaded.Dispose();
        _metrics.Dispose();
        await Following.DisposeAsync();
        _follower.Save();
    }
}
