namespace EdgeMesh.Sidecar.Components;

/// <summary>The components of the process, by app and name: an app sees those in its scope and no others. Reading needs no lock: what
/// changes is replaced whole.</summary>
internal sealed class ComponentCatalog : IAsyncDisposable
{
    /// <summary>For what belongs to no component.</summary>
    private const string Nobody = "";

    private readonly List<(string Component, object Driver)> _drivers = [];
    private volatile Dictionary<string, Dictionary<string, OpenComponent>> _byApp = new(StringComparer.Ordinal);

    public IReadOnlyCollection<OpenComponent> Of(string appId) =>
        _byApp.TryGetValue(appId, out var components) ? components.Values : [];

    /// <summary>The component of that name which an app may use; null: unknown, or out of its scope.</summary>
    public OpenComponent? Find(string name, string appId) =>
        _byApp.TryGetValue(appId, out var components) ? components.GetValueOrDefault(name) : null;

    /// <summary>The driver is closed with the catalog, or when its component goes.</summary>
    public void Own(object driver, string component = Nobody) => _drivers.Add((component, driver));

    public bool TryAdd(string appId, OpenComponent component)
    {
        if (!_byApp.TryGetValue(appId, out var components))
        {
            _byApp[appId] = components = new Dictionary<string, OpenComponent>(StringComparer.Ordinal);
        }

        return components.TryAdd(component.Spec.Name, component);
    }

    /// <summary>What is in this one but for some components. It owns no driver of this one's.</summary>
    public ComponentCatalog Without(IReadOnlySet<string> names) => new()
    {
        _byApp = _byApp.ToDictionary(
            app => app.Key, app => app.Value.Where(c => !names.Contains(c.Key)).ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal),
    };

    /// <summary>Has from now on what <paramref name="next"/> has, whose drivers become its own.</summary>
    /// <param name="next">Made by <see cref="Without"/>, and added to since.</param>
    /// <param name="names">The components that were left out.</param>
    /// <returns>The drivers of those, to be closed once nobody uses them any more; the last first.</returns>
    public IReadOnlyList<IAsyncDisposable> Take(ComponentCatalog next, IReadOnlySet<string> names)
    {
        var gone = _drivers.Where(d => names.Contains(d.Component)).Select(d => d.Driver).OfType<IAsyncDisposable>().Reverse().ToArray();
        _drivers.RemoveAll(d => names.Contains(d.Component));
        _drivers.AddRange(next._drivers);
        next._drivers.Clear();
        var left = _byApp.Values.SelectMany(app => app.Values).Where(c => names.Contains(c.Spec.Name)).Select(c => c.Shared).Distinct().ToArray();
        _byApp = next._byApp;
        Array.ForEach(left, driver => driver.Leave());
        return gone;
    }

    public async ValueTask DisposeAsync()
    {
        // The last first: whoever still tries to open a driver came after it.
        foreach (var driver in _drivers.Select(d => d.Driver).OfType<IAsyncDisposable>().Reverse())
        {
            await driver.DisposeAsync();
        }
    }
}
