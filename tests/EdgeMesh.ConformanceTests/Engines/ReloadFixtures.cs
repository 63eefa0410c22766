using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(EmbeddedReloadFixture))]
[assembly: AssemblyFixture(typeof(DaprdReloadFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>An engine whose resources change while it runs. A faulty one would end daprd, and is not for this suite.</summary>
public abstract class ReloadFixture : EngineFixture
{
    private EngineSetup? _setup;

    private protected sealed override Task<IDaprEngine> StartEngineAsync(EngineSetup setup)
    {
        _setup = setup with { WatchesResources = true };
        return StartAsync(_setup);
    }

    private protected abstract Task<IDaprEngine> StartAsync(EngineSetup setup);

    /// <summary>A folder for the files of components.</summary>
    internal string Folder => _setup!.Folder;

    internal void Component(string name, string type, params (string Name, string Value)[] fields) => Resources.Component(_setup!, name, type, "v1", fields);

    internal void Write(string file, string text) => File.WriteAllText(Path.Combine(_setup!.Resources, file), text);

    internal void Delete(string name) => File.Delete(Path.Combine(_setup!.Resources, name + ".yaml"));
}

public sealed class EmbeddedReloadFixture : ReloadFixture
{
    private protected override async Task<IDaprEngine> StartAsync(EngineSetup setup) => await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class DaprdReloadFixture : ReloadFixture
{
    private protected override async Task<IDaprEngine> StartAsync(EngineSetup setup) => await DaprdEngine.StartAsync(setup, CancellationToken.None);
}
