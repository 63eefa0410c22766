using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(EmbeddedPluggableFixture))]
[assembly: AssemblyFixture(typeof(DaprdPluggableFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>An engine whose <c>pubsub</c> and store <c>memo</c> are a pluggable component.</summary>
public abstract class PluggableFixture : EngineFixture
{
    private MemoComponent? _component;

    private protected override async Task PrepareAsync(EngineSetup setup)
    {
        // A socket's path may have about 100 characters.
        var sockets = setup.Environment["DAPR_COMPONENTS_SOCKETS_FOLDER"] = Directory.CreateDirectory(Path.Combine(setup.Folder, "s")).FullName;
        _component = await MemoComponent.StartAsync(sockets);
        Resources.Component(setup, "pubsub", "pubsub." + MemoComponent.Name, "v1", [("anything", "goes")]);
        Resources.Component(setup, "echo", "bindings." + MemoComponent.Name, "v1", [("anything", "goes")]);
        Resources.Component(setup, MemoComponent.Name, "state." + MemoComponent.Name, "v1", [("anything", "goes")]);
    }

    private protected override async ValueTask ReleaseAsync()
    {
        if (_component is { } component)
        {
            await component.DisposeAsync();
        }
    }
}

public sealed class EmbeddedPluggableFixture : PluggableFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class DaprdPluggableFixture : PluggableFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await DaprdEngine.StartAsync(setup, CancellationToken.None);
}
