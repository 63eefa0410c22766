using System.Threading.Channels;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;

namespace EdgeMesh.Sidecar.BuildingBlocks.Configuration;

/// <summary>One subscription: what changed waits here until its transport has brought it to the app. A slow app misses states in between
/// and never the last: what waits longest is dropped first, and each change says the value as it was then.</summary>
internal sealed class ConfigurationSubscription : IDisposable
{
    private const int QueueLimit = 1000;

    private readonly Channel<Dictionary<string, ConfigurationValue>> _changes =
        Channel.CreateBounded<Dictionary<string, ConfigurationValue>>(new BoundedChannelOptions(QueueLimit) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly HashSet<string> _keys;
    private readonly IReadOnlyDictionary<string, string> _metadata;

    /// <summary>Guards what follows.</summary>
    private readonly Lock _gate = new();
    private IDisposable? _listening;
    private bool _ended;

    public ConfigurationSubscription(string store, IConfigurationStore driver, IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata)
    {
        (Store, _keys, _metadata) = (store, [.. keys], metadata);
        Listen(driver);
    }

    public string Id { get; } = Guid.NewGuid().ToString();

    public string Store { get; }

    /// <summary>Ends when the subscription does.</summary>
    public IAsyncEnumerable<Dictionary<string, ConfigurationValue>> ChangesAsync(CancellationToken cancellation) => _changes.Reader.ReadAllAsync(cancellation);

    /// <summary>Listens there from now on, and not where it did.</summary>
    /// <param name="driver">Null: the store is gone, and nothing comes until it is there again.</param>
    public void Listen(IConfigurationStore? driver)
    {
        lock (_gate)
        {
            _listening?.Dispose();
            _listening = null;
            _listening = _ended ? null : driver?.Listen(Take, _metadata);
        }
    }

    private void Take(IReadOnlyDictionary<string, ConfigurationValue> changed)
    {
        var wanted = changed.Where(c => _keys.Count == 0 || _keys.Contains(c.Key)).ToDictionary(StringComparer.Ordinal);
        if (wanted.Count > 0)
        {
            _changes.Writer.TryWrite(wanted);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _listening?.Dispose();
        }

        _changes.Writer.TryComplete();
    }
}
