using EdgeMesh.Sidecar.BuildingBlocks.Actors;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>The apps of the process, by id: name resolution of a one-process site.</summary>
internal sealed class AppDirectory
{
    private readonly Dictionary<string, AppRuntime> _apps = new(StringComparer.Ordinal);

    public ActorDirectory Actors { get; } = new();

    public IReadOnlyCollection<AppRuntime> All => _apps.Values;

    public void Add(AppRuntime app) => _apps.Add(app.AppId, app);

    public AppRuntime? Find(string appId) => _apps.GetValueOrDefault(appId);
}
