using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(TwoProcessesFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedCallsDaprdFixture))]
[assembly: AssemblyFixture(typeof(DaprdCallsEmbeddedFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>Each app behind an embedded sidecar of its own, as with two <c>edgemesh sidecar</c> processes.</summary>
public sealed class TwoProcessesFixture : EngineFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup)
    {
        var configuration = await DaprdEngine.WriteConfigurationAsync(setup, CancellationToken.None);
        return await SplitEngine.StartAsync(setup, async (_, one) => await EmbeddedEngine.StartAsync(one, CancellationToken.None, configuration));
    }
}

/// <summary>The caller is behind an embedded sidecar, the called app behind a real daprd.</summary>
public sealed class EmbeddedCallsDaprdFixture : EngineFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup)
    {
        var configuration = await DaprdEngine.WriteConfigurationAsync(setup, CancellationToken.None);
        return await SplitEngine.StartAsync(setup, async (at, one) =>
            at == 0 ? await EmbeddedEngine.StartAsync(one, CancellationToken.None, configuration) : await DaprdEngine.StartAsync(one, CancellationToken.None));
    }
}

/// <summary>The caller is behind a real daprd, the called app behind an embedded sidecar.</summary>
public sealed class DaprdCallsEmbeddedFixture : EngineFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup)
    {
        var configuration = await DaprdEngine.WriteConfigurationAsync(setup, CancellationToken.None);
        return await SplitEngine.StartAsync(setup, async (at, one) =>
            at == 0 ? await DaprdEngine.StartAsync(one, CancellationToken.None) : await EmbeddedEngine.StartAsync(one, CancellationToken.None, configuration));
    }
}
