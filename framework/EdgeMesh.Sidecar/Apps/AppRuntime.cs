using System.Collections.Concurrent;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>One app as the building blocks see it: its options, its way in, the components in its scope.</summary>
internal sealed class AppRuntime(SidecarAppOptions options, SidecarOptions process, ComponentCatalog components, AppDirectory directory) : IDisposable
{
    private volatile bool _isReady;
    private volatile IReadOnlyList<Subscription> _subscriptions = [];

    public string AppId => options.AppId;

    public SidecarAppOptions Options => options;

    public SidecarOptions Process => process;

    public AppDirectory Directory => directory;

    /// <summary>The jobs of all apps of the process.</summary>
    public required JobStore Jobs { get; init; }

    /// <summary>Null for an app that only calls.</summary>
    public AppChannel? Channel { get; } = options.AppEndpoint is { } endpoint ? new AppChannel(options, endpoint, (int)process.MaxBodySize) : null;

    /// <summary>Whether the app answers and its subscriptions stand.</summary>
    public bool IsReady
    {
        get => _isReady;
        set => _isReady = value;
    }

    /// <summary>Subscriptions that stand, for metadata.</summary>
    public IReadOnlyList<Subscription> Subscriptions
    {
        get => _subscriptions;
        set => _subscriptions = value;
    }

    /// <summary>What clients add to the metadata.</summary>
    public ConcurrentDictionary<string, string> Extended { get; } = new(StringComparer.Ordinal);

    public IReadOnlyCollection<OpenComponent> Components => components.Of(AppId);

    public OpenComponent? Find(string component) => components.Find(component, AppId);

    public void Dispose() => Channel?.Dispose();
}
