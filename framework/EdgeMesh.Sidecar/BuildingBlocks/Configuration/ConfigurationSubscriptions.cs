using System.Runtime.CompilerServices;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.Configuration;

/// <summary>The subscriptions of one app, by id.</summary>
internal sealed class ConfigurationSubscriptions
{
    /// <summary>More than any app watches.</summary>
    public const int Limit = 1000;

    private static readonly ConditionalWeakTable<AppRuntime, ConfigurationSubscriptions> ByApp = [];

    private readonly Lock _gate = new();
    private readonly Dictionary<string, ConfigurationSubscription> _open = new(StringComparer.Ordinal);

    public static ConfigurationSubscriptions Of(AppRuntime app) => ByApp.GetOrCreateValue(app);

    /// <summary>Null: the app has as many as it may.</summary>
    /// <exception cref="ArgumentException">The store can't tell of changes so.</exception>
    public ConfigurationSubscription? Add(AppRuntime app, string store, IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata)
    {
        lock (_gate)
        {
            if (_open.Count >= Limit)
            {
                return null;
            }

            // Looked for under the lock: a store that comes in the place of this one is there before subscriptions are moved.
            var subscription = new ConfigurationSubscription(store, ConfigurationBlock.Store(app, store).Driver, keys, metadata);
            _open[subscription.Id] = subscription;
            return subscription;
        }
    }

    /// <summary>False: there is none of that id.</summary>
    public bool TryEnd(string id)
    {
        lock (_gate)
        {
            if (!_open.Remove(id, out var subscription))
            {
                return false;
            }

            subscription.Dispose();
            return true;
        }
    }

    /// <summary>Other stores are there now: each subscription listens to the one of its name.</summary>
    /// <returns>Why subscriptions hear nothing any more: their store can't tell them of changes.</returns>
    public IReadOnlyList<string> Move(AppRuntime app)
    {
        var failures = new List<string>();
        lock (_gate)
        {
            foreach (var subscription in _open.Values)
            {
                try
                {
                    subscription.Listen(app.Find(subscription.Store)?.Driver as IConfigurationStore);
                }
                catch (ArgumentException error)
                {
                    failures.Add($"{subscription.Store}: {error.Message}");
                }
            }
        }

        return failures;
    }
}
