using EdgeMesh.Sidecar.Components.ConfigurationSqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Who hears of a configuration store's changes.</summary>
internal sealed class ConfigurationListeners
{
    private readonly Lock _gate = new();
    private readonly List<ConfigurationListener> _listeners = [];

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _listeners.Count == 0;
            }
        }
    }

    public IDisposable Add(ConfigurationListener listener)
    {
        lock (_gate)
        {
            _listeners.Add(listener);
        }

        return new Listening(this, listener);
    }

    public void Tell(IReadOnlyDictionary<string, ConfigurationValue> changed)
    {
        lock (_gate)
        {
            _listeners.ForEach(listener => listener(changed));
        }
    }

    private sealed class Listening(ConfigurationListeners listeners, ConfigurationListener listener) : IDisposable
    {
        public void Dispose()
        {
            lock (listeners._gate)
            {
                listeners._listeners.Remove(listener);
            }
        }
    }
}
