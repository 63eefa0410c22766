namespace EdgeMesh.Sidecar.Components;

/// <summary>The components of the process, by app and name: an app sees those in its scope and no others.</summary>
internal sealed class ComponentCatalog : IAsyncDisposable
{
    private readonly Dictionary<string, Dictionary<string, OpenComponent>> _byApp = new(StringComparer.Ordinal);
    private readonly List<object> _drivers = [];

    public IReadOnlyCollection<OpenComponent> Of(string appId) =>
        _byApp.TryGetValue(appId, out var components) ? components.Values : [];

    /// <summary>The component of that name which an app may use; null: unknown, or out of its scope.</summary>
    public OpenComponent? Find(string name, string appId) =>
        _byApp.TryGetValue(appId, out var components) ? components.GetValueOrDefault(name) : null;

    /// <summary>The driver is closed with the catalog.</summary>
    public void Own(object driver) => _drivers.Add(driver);

    public bool TryAdd(string appId, OpenComponent component)
    {
        if (!_byApp.TryGetValue(appId, out var components))
        {
            _byApp[appId] = components = new Dictionary<string, OpenComponent>(StringComparer.Ordinal);
        }

        return components.TryAdd(component.Spec.Name, component);
    }

    public async ValueTask DisposeAsync()
    {
        // The last first: whoever still tries to open a driver came after it.
        foreach (var driver in _drivers.OfType<IAsyncDisposable>().Reverse())
        {
            await driver.DisposeAsync();
        }
    }
}
