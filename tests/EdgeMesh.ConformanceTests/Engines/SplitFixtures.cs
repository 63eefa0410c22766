using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(TwoProcessesFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedCallsDaprdFixture))]
[assembly: AssemblyFixture(typeof(DaprdCallsEmbeddedFixture))]
[assembly: AssemblyFixture(typeof(DaprdGrpcFixture))]
[assembly: AssemblyFixture(typeof(TwoProcessesGrpcFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedCallsDaprdGrpcFixture))]
[assembly: AssemblyFixture(typeof(DaprdCallsEmbeddedGrpcFixture))]

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

/// <summary>App <c>gamma</c>, which speaks gRPC, behind another sidecar than its caller <c>alpha</c>.</summary>
/// <param name="daprdCalls">Whether the caller's sidecar is a real daprd.</param>
/// <param name="daprdIsCalled">Whether the called app's is.</param>
public abstract class SplitGrpcFixture(bool daprdCalls, bool daprdIsCalled) : EngineFixture
{
    private protected override bool HasGrpcApp => true;

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup)
    {
        var configuration = await DaprdEngine.WriteConfigurationAsync(setup, CancellationToken.None);
        return await SplitEngine.StartAsync(setup with { Apps = [setup.Apps[0], setup.Apps[2]] }, async (at, one) =>
            (at == 0 ? daprdCalls : daprdIsCalled) ? await DaprdEngine.StartAsync(one, CancellationToken.None) : await EmbeddedEngine.StartAsync(one, CancellationToken.None, configuration));
    }
}

public sealed class DaprdGrpcFixture() : SplitGrpcFixture(daprdCalls: true, daprdIsCalled: true);

public sealed class TwoProcessesGrpcFixture() : SplitGrpcFixture(daprdCalls: false, daprdIsCalled: false);

public sealed class EmbeddedCallsDaprdGrpcFixture() : SplitGrpcFixture(daprdCalls: false, daprdIsCalled: true);

public sealed class DaprdCallsEmbeddedGrpcFixture() : SplitGrpcFixture(daprdCalls: true, daprdIsCalled: false);
