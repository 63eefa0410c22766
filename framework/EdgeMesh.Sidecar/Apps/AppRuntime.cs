using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>One app as the building blocks see it: its options, its way in, the components in its scope.</summary>
internal sealed class AppRuntime(SidecarAppOptions options, SidecarOptions process, ComponentCatalog components, AppDirectory directory) : IDisposable
{
    private readonly Dictionary<string, string> _extended = new(StringComparer.Ordinal);

    public string AppId => options.AppId;

    public SidecarAppOptions Options => options;

    public SidecarOptions Process => process;

    public AppDirectory Directory => directory;

    /// <summary>Null for an app that only calls.</summary>
    public AppChannel? Channel { get; } = options.AppEndpoint is { } endpoint ? new AppChannel(options.AppId, endpoint, options.AppToken) : null;

    /// <summary>Whether the app answers and its subscriptions stand.</summary>
    public bool IsReady { get; set; }

    /// <summary>Subscriptions that stand, for metadata.</summary>
    public IReadOnlyList<BuildingBlocks.PubSub.Subscription> Subscriptions { get; set; } = [];

    /// <summary>What clients add to the metadata.</summary>
    public Dictionary<string, string> Extended => _extended;

    public IEnumerable<OpenComponent> Components => components.All.Where(c => c.Spec.IsFor(AppId));

    public OpenComponent? Find(string component) => components.Find(component, AppId);

    public void Dispose() => Channel?.Dispose();
}

/// <summary>The apps of the process, by id: name resolution of a one-process site.</summary>
internal sealed class AppDirectory
{
    private readonly Dictionary<string, AppRuntime> _apps = new(StringComparer.Ordinal);

    public IReadOnlyCollection<AppRuntime> All => _apps.Values;

    public void Add(AppRuntime app) => _apps.Add(app.AppId, app);

    public AppRuntime? Find(string appId) => _apps.GetValueOrDefault(appId);
}
