using EdgeMesh.Sidecar.BuildingBlocks.Configuration;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;

namespace EdgeMesh.Sidecar.Tests.Configuration;

/// <summary>Subscriptions whose store is replaced.</summary>
public sealed class ConfigurationSubscriptionsTests : IAsyncDisposable
{
    private readonly TestRuntime _runtime = new();

    [Fact]
    public async Task Add_WhileTheStoreIsReplaced_ListensToTheNewOne()
    {
        var app = _runtime.App;
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

    private void Replace(Store store) => _runtime.Put("settings", "configuration.test", ComponentDriver.Open(store));

    public ValueTask DisposeAsync() => _runtime.DisposeAsync();

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
