using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(EmbeddedHealthFixture))]
[assembly: AssemblyFixture(typeof(TwoProcessesHealthFixture))]
[assembly: AssemblyFixture(typeof(DaprdHealthFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>App <c>beta</c> takes one call at a time, and is asked every second how it is.</summary>
public abstract class HealthFixture : EngineFixture
{
    /// <summary>Where beta is asked.</summary>
    public const string Path = "/health";

    private protected sealed override Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        StartAsync(setup with { Apps = [setup.Apps[0], setup.Apps[1] with { MaxConcurrency = 1, HealthPath = Path }] });

    private protected abstract Task<IDaprEngine> StartAsync(EngineSetup setup);
}

public sealed class EmbeddedHealthFixture : HealthFixture
{
    private protected override async Task<IDaprEngine> StartAsync(EngineSetup setup) => await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

/// <summary>Caller and called are behind embedded sidecars of their own.</summary>
public sealed class TwoProcessesHealthFixture : HealthFixture
{
    private protected override async Task<IDaprEngine> StartAsync(EngineSetup setup)
    {
        var configuration = await DaprdEngine.WriteConfigurationAsync(setup, CancellationToken.None);
        return await SplitEngine.StartAsync(setup, async (_, one) => await EmbeddedEngine.StartAsync(one, CancellationToken.None, configuration));
    }
}

public sealed class DaprdHealthFixture : HealthFixture
{
    private protected override async Task<IDaprEngine> StartAsync(EngineSetup setup) => await DaprdEngine.StartAsync(setup, CancellationToken.None);
}
