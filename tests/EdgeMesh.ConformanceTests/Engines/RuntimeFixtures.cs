using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(EmbeddedRuntimeFixture))]
[assembly: AssemblyFixture(typeof(DaprdRuntimeFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>Engines whose runtime is configured: resiliency, an HTTPEndpoint, API lists, scopes of secrets. App <c>alpha</c> calls <c>beta</c>, which speaks HTTP,
/// and <c>gamma</c>, which speaks gRPC.</summary>
public abstract class RuntimeFixture : EngineFixture
{
    private protected override bool HasGrpcApp => true;

    private protected override void WriteResources(EngineSetup setup) => RuntimeResources.Write(setup);

    /// <summary>What both engines are told beside daprd's name resolution.</summary>
    private protected static async Task<string> WriteConfigurationAsync(EngineSetup setup)
    {
        var file = Path.Combine(setup.Folder, "runtime.yaml");
        await File.WriteAllTextAsync(file, RuntimeResources.Configuration);
        return file;
    }
}

public sealed class EmbeddedRuntimeFixture : RuntimeFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await EmbeddedEngine.StartAsync(setup, CancellationToken.None, await WriteConfigurationAsync(setup));
}

public sealed class DaprdRuntimeFixture : RuntimeFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await DaprdEngine.StartAsync(setup, CancellationToken.None, await WriteConfigurationAsync(setup));
}
