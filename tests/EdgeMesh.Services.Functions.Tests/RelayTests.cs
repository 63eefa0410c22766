using System.Collections.Concurrent;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Rollouts;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What a core passes on of a function whose bundle, or one of whose sites, it has trouble with.</summary>
public sealed class RelayTests : IAsyncLifetime
{
    private const string Function = "f";
    private static readonly SiteIdentity Core = new("core", FunctionsApp.AppId, "");
    private static readonly MeshDirectory Directory = new(Core.Site, [Entry("core", isCore: true), Entry("clinic-a"), Entry("clinic-b")]);

    private readonly Catalog _catalog = new(Core.Site, new Dictionary<string, string>());
    private readonly Warnings _warnings = new();
    private Journal _changes = null!;
    private FollowerLoop _following = null!;
    private Relay _relay = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _changes = await Journal.OpenAsync(new JournalName(Core.Site, FunctionsApp.AppId, JournalName.Changes), new MemoryJournalStore(), new JournalOptions(), Cancellation);
        var follower = new CatalogFollower(
            _changes, _catalog, [FunctionsSite.Ops.Public], Directory, Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")), NullLogger<CatalogFollower>.Instance);
        _following = new FollowerLoop(_changes, follower, TimeProvider.System, NullLogger.Instance);
        _following.Start();
        // What is relayed was compiled where it was taken.
        var deployer = new Deployer(_changes, _following, _catalog, new ModuleParts(_changes), null!, [FunctionsSite.Ops.Public], Core, Directory, new FunctionsOptions());
        _relay = new Relay(_catalog, deployer, new RolloutRelay(_changes, _catalog, Core), Directory, _warnings);
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        await _following.DisposeAsync();
        await _changes.DisposeAsync();
    }

    [Fact]
    public async Task Canary_WhoseModuleIsNotWholeHere_IsRelayedAllTheSameAndTheTroubleIsToldOnce()
    {
        var bundle = await FunctionsSite.BundleAsync(FunctionsSite.Says("new"), FunctionsSite.Manifest(Function));
        _catalog.Put("clinic-a", bundle.Statement, parts: 1);
        _catalog.Put("clinic-a", Deployment.Sign(Function, 2, bundle.Digest, new CanaryPlan(10, TimeSpan.FromHours(1), 5) { Sites = ["clinic-a"] }, FunctionsSite.Ops));
        _catalog.Put("clinic-a", At(1, "10 % of the calls"));
        _relay.Start();
        await RelayedAsync("clinic-a", "10 % of the calls");

        _catalog.Put("clinic-a", At(2, "healthy"));
        await RelayedAsync("clinic-a", "healthy");
        Assert.Contains("0 of 1 pieces from clinic-a are here", Assert.Single(_warnings.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Canary_OfASiteWhoseWordIsRefused_IsRelayedForTheOthersAndTheRefusalIsTold()
    {
        _catalog.Put(Core.Site, Deployment.Sign(Function, 2, null, new CanaryPlan(10, TimeSpan.FromHours(1), 5) { Sites = ["clinic-a", "clinic-b"] }, FunctionsSite.Ops));
        _catalog.Put("clinic-a", At(1, new string('x', 1024 * 1024)));
        _catalog.Put("clinic-b", At(1, "10 % of the calls"));
        _relay.Start();
        await RelayedAsync("clinic-b", "10 % of the calls");

        _catalog.Put("clinic-b", At(2, "healthy"));
        await RelayedAsync("clinic-b", "healthy");
        Assert.Contains("how far clinic-a is: body-too-large", Assert.Single(_warnings.All), StringComparison.Ordinal);
    }

    private static SiteEntry Entry(string site, bool isCore = false) => new(site, "org", null, default, "", "", isCore);

    private static RolloutBody At(long counter, string reason) => new(new RolloutState(Function) { Reason = reason }, null) { Frontier = VersionVector.Empty.With("clinic-a", 1, counter) };

    /// <summary>Returns once the core has said in its own name how far a site is.</summary>
    private async Task RelayedAsync(string site, string reason)
    {
        for (var looks = 0; ; looks++)
        {
            Assert.True(looks < 1_000, $"how far {site} is, is not relayed; told was: {string.Join(", ", _warnings.All)}");
            if (await _changes.GetAsync(FunctionDocuments.RelayedRollout(Core.Site, site, Function), Cancellation) is { } relayed && RelayedRolloutBody.Read(relayed).Rollout.State.Reason == reason)
            {
                return;
            }

            await Task.Delay(10, Cancellation);
        }
    }

    /// <summary>What was told.</summary>
    private sealed class Warnings : ILogger<Relay>
    {
        private readonly ConcurrentQueue<string> _all = new();

        public IReadOnlyCollection<string> All => _all;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _all.Enqueue(formatter(state, exception));
    }
}
