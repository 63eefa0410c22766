using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(EmbeddedPluggableFixture))]
[assembly: AssemblyFixture(typeof(DaprdPluggableFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>An engine whose <c>pubsub</c>, store <c>memo</c>, bindings and <c>memo-secrets</c> are a pluggable component.</summary>
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
        Resources.Component(setup, "memo-secrets", "secretstores." + MemoComponent.Name, "v1", [("anything", "goes")]);
        await File.WriteAllTextAsync(Path.Combine(setup.Resources, "given.yaml"), $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: given }
            spec:
              type: bindings.{{MemoComponent.Name}}
              version: v1
              metadata: [{ name: route, value: /bindings/given }]
            scopes: [alpha]
            """);
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
