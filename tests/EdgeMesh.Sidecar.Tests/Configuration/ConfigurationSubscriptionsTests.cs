using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Configuration;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.Tests.Configuration;

/// <summary>Subscriptions whose store is replaced.</summary>
public sealed class ConfigurationSubscriptionsTests : IAsyncDisposable
{
    private static readonly SidecarOptions Options = new() { Namespace = "core", Apps = [new SidecarAppOptions { AppId = "alpha" }] };

    private readonly ComponentCatalog _catalog = new();
    private readonly JobStore _jobs = new(Options);
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler());

    [Fact]
    public async Task Add_WhileTheStoreIsReplaced_ListensToTheNewOne()
    {
        using var app = new AppRuntime(Options.Apps[0], Options, RuntimeConfiguration.None, _catalog, new AppDirectory(), new ExternalEndpoints(new Dictionary<string, ExternalEndpoint>(), _client)) { Jobs = _jobs };
        Task moving = Task.CompletedTask;
        var later = new Store();
        var first = new Store
        {
            // A reload strikes just as the subscription begins to listen: the other store is there, and whoever listens is moved.
            Listened = () =>
            {
                Replace(later);
                moving = Task.Run(() => ConfigurationSubscriptions.Of(app).Move(app), TestSidecar.Cancellation);
                moving.Wait(TimeSpan.FromMilliseconds(200), TestSidecar.Cancellation);
            },
        };
        Replace(first);
        using var subscription = ConfigurationSubscriptions.Of(app).Add(app, "settings", ["k"], new Dictionary<string, string>());
        await moving;
        Assert.NotNull(subscription);
        Assert.True(first.Listeners.IsEmpty);
        Assert.False(later.Listeners.IsEmpty);
    }

    private void Replace(Store store)
    {
        var names = new HashSet<string> { "settings" };
        var next = _catalog.Without(names);
        next.TryAdd("alpha", new OpenComponent(new ComponentSpec("settings", "configuration.test", "v1", new Dictionary<string, string>()), ComponentDriver.Open(store)));
        _catalog.Take(next, names);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _jobs.DisposeAsync();
        await _catalog.DisposeAsync();
    }

    private sealed class Store : IConfigurationStore
    {
        public ConfigurationListeners Listeners { get; } = new();

        public Action Listened { get; init; } = () => { };

        public Task<IReadOnlyDictionary<string, ConfigurationValue>> GetAsync(IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation) =>
            throw new NotSupportedException();

        public IDisposable Listen(ConfigurationListener listener, IReadOnlyDictionary<string, string> metadata)
        {
            Listened();
            return Listeners.Add(listener);
        }
    }
}
