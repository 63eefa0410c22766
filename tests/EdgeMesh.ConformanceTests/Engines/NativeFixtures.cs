using EdgeMesh.ConformanceTests.Engines;
using EdgeMesh.Tests.Servers;

[assembly: AssemblyFixture(typeof(NativeFixture))]
[assembly: AssemblyFixture(typeof(NativeBlocksFixture))]
[assembly: AssemblyFixture(typeof(NativeRuntimeFixture))]
[assembly: AssemblyFixture(typeof(NativePluggableFixture))]
[assembly: AssemblyFixture(typeof(NativeServersFixture))]
[assembly: AssemblyFixture(typeof(NativeKafkaFixture))]
[assembly: AssemblyFixture(typeof(NativeMutualTlsFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

public sealed class NativeFixture : EngineFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) => await NativeEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class NativeBlocksFixture : SqliteBlocksFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) => await NativeEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class NativeRuntimeFixture : RuntimeFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await NativeEngine.StartAsync(setup, CancellationToken.None, await WriteConfigurationAsync(setup));
}

public sealed class NativePluggableFixture : PluggableFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) => await NativeEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class NativeServersFixture() : ServersFixture(ServerProcess.RabbitMqHosts[2])
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) => await NativeEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class NativeKafkaFixture : KafkaFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) => await NativeEngine.StartAsync(setup, CancellationToken.None);
}

/// <summary>Caller and called are behind native sidecars of their own.</summary>
public sealed class NativeMutualTlsFixture() : MutualTlsFixture(daprdCalls: false, daprdIsCalled: false)
{
    private protected override async Task<IDaprEngine> StartOursAsync(EngineSetup setup, params string[] configurations) =>
        await NativeEngine.StartAsync(setup, CancellationToken.None, configurations);
}
