using System.Security.Cryptography;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;

[assembly: AssemblyFixture(typeof(EmbeddedMetricsFixture))]
[assembly: AssemblyFixture(typeof(DaprdMetricsFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedCoarseMetricsFixture))]
[assembly: AssemblyFixture(typeof(DaprdCoarseMetricsFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>An engine with a component of every kind, two apps and policies, after one call of every kind.</summary>
/// <param name="caller">The app that calls. Embedded engines of one process count together for apps of one name.</param>
/// <param name="metrics">The section <c>metrics</c> of its Configuration; null: none.</param>
public abstract class MetricsFixture(string caller, string? metrics) : IAsyncDisposable
{
    public const string Alpha = "alpha";
    public const string Coarse = "coarse";

    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-metrics-").FullName;
    private Lazy<Task<Running>>? _running;

    internal Task<Running> RunningAsync() => LazyInitializer.EnsureInitialized(ref _running, () => new(StartAsync)).Value;

    /// <summary>Components that only this engine has, under names that both know: <c>settings</c> and <c>locks</c>.</summary>
    private protected abstract Task<(string Name, string Type, (string Name, string Value)[] Fields)[]> PrepareAsync(string folder);

    private protected abstract Task<IDaprEngine> StartEngineAsync(EngineSetup setup, string configuration);

    private protected virtual ValueTask ReleaseAsync() => ValueTask.CompletedTask;

    private async Task<Running> StartAsync()
    {
        var alpha = await TestApp.StartAsync(caller, MetricsResources.Subscriptions, CancellationToken.None);
        var beta = await TestApp.StartAsync("beta", [], CancellationToken.None);
        var setup = new EngineSetup(_folder, [alpha, beta]) { ControlPlane = true, HasMetrics = true };
        using var rsa = RSA.Create(2048);
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "keys")).FullName, "rsa.pem"), rsa.ExportPkcs8PrivateKeyPem());
        MetricsResources.Write(setup, await PrepareAsync(_folder));
        var configuration = Path.Combine(_folder, "metrics.yaml");
        await File.WriteAllTextAsync(configuration, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: metrics }}\nspec: {{ {(metrics is null ? "" : $"metrics: {metrics}")} }}\n");
        try
        {
            var running = new Running(await StartEngineAsync(setup, configuration), alpha, beta);
            await MetricsCalls.MakeAsync(running, caller);
            return running;
        }
        catch
        {
            await ReleaseAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_running is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            var running = await _running.Value;
            await running.Engine.DisposeAsync();
            await running.Alpha.DisposeAsync();
            await running.Beta.DisposeAsync();
            await ReleaseAsync();
        }

        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

public abstract class EmbeddedMetricsBase(string caller, string? metrics) : MetricsFixture(caller, metrics)
{
    private protected override Task<(string Name, string Type, (string Name, string Value)[] Fields)[]> PrepareAsync(string folder) => Task.FromResult<(string, string, (string, string)[])[]>(
    [
        ("settings", "configuration.edgemesh.sqlite", [("connectionString", Path.Combine(folder, "settings.db"))]),
        ("locks", "lock.edgemesh.sqlite", [("connectionString", Path.Combine(folder, "locks.db"))]),
    ]);

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup, string configuration) => await EmbeddedEngine.StartAsync(setup, CancellationToken.None, configuration);
}

public abstract class DaprdMetricsBase(string caller, string? metrics) : MetricsFixture(caller, metrics)
{
    private protected override async Task<(string Name, string Type, (string Name, string Value)[] Fields)[]> PrepareAsync(string folder)
    {
        var port = await SharedServers.Redis.TakeAsync();
        return [("settings", "configuration.redis", [("redisHost", $"127.0.0.1:{port}")]), ("locks", "lock.redis", [("redisHost", $"127.0.0.1:{port}")])];
    }

    private protected override ValueTask ReleaseAsync() => SharedServers.Redis.GiveBackAsync();

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup, string configuration) => await DaprdEngine.StartAsync(setup, CancellationToken.None, configuration);
}

public sealed class EmbeddedMetricsFixture() : EmbeddedMetricsBase(MetricsFixture.Alpha, null);

public sealed class DaprdMetricsFixture() : DaprdMetricsBase(MetricsFixture.Alpha, null);

public sealed class EmbeddedCoarseMetricsFixture() : EmbeddedMetricsBase(MetricsFixture.Coarse, MetricsResources.Coarse);

public sealed class DaprdCoarseMetricsFixture() : DaprdMetricsBase(MetricsFixture.Coarse, MetricsResources.Coarse);
