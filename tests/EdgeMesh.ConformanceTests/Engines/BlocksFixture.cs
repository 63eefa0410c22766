using System.Security.Cryptography;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using EdgeMesh.Tests.Servers;

[assembly: AssemblyFixture(typeof(EmbeddedBlocksFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedServersBlocksFixture))]
[assembly: AssemblyFixture(typeof(DaprdBlocksFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>An engine with the building blocks beside state and pub/sub: bindings, configuration, locks, cryptography, jobs, an outbox.
/// Components that only one engine has go by the same names on both.</summary>
public abstract class BlocksFixture : IAsyncDisposable
{
    private readonly Lazy<Task<Running>> _running;

    protected BlocksFixture() => _running = new(StartAsync);

    protected string Folder { get; } = Directory.CreateTempSubdirectory("edgemesh-blocks-").FullName;

    /// <summary>Where <c>crypto</c> has its keys.</summary>
    public string Keys => Path.Combine(Folder, "keys");

    /// <summary>Where <c>files</c> has its files.</summary>
    public string Files => Path.Combine(Folder, "files");

    internal Task<Running> RunningAsync() => _running.Value;

    /// <summary>Sets a value in the store <c>settings</c>; null deletes it.</summary>
    internal abstract Task SetAsync(string key, string? value);

    /// <summary>Starts what is needed beside the engine, and gives the components that are its own.</summary>
    private protected abstract Task<IEnumerable<(string Name, string Type, (string Name, string Value)[] Metadata)>> PrepareAsync();

    private protected abstract Task<IDaprEngine> StartEngineAsync(EngineSetup setup);

    private async Task<Running> StartAsync()
    {
        var alpha = await TestApp.StartAsync("alpha", BlockResources.Subscriptions, CancellationToken.None);
        var setup = new EngineSetup(Folder, [alpha]);
        Directory.CreateDirectory(Keys);
        Directory.CreateDirectory(Files);
        using var rsa = RSA.Create(2048);
        await File.WriteAllTextAsync(Path.Combine(Keys, "rsa.pem"), rsa.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(Path.Combine(Keys, "public.pem"), rsa.ExportSubjectPublicKeyInfoPem());
        await File.WriteAllBytesAsync(Path.Combine(Keys, "raw"), RandomNumberGenerator.GetBytes(32));
        await File.WriteAllTextAsync(Path.Combine(Keys, "base64"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        await File.WriteAllTextAsync(Path.Combine(Keys, "oct.json"), """{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}""");
        BlockResources.Write(setup, Keys, Files, alpha.Url, await PrepareAsync());
        return new Running(await StartEngineAsync(setup), alpha, alpha);
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_running is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            var running = await _running.Value;
            await running.Engine.DisposeAsync();
            await running.Alpha.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

/// <summary>With settings and locks in files of SQLite.</summary>
public abstract class SqliteBlocksFixture : BlocksFixture
{
    private string Settings => Path.Combine(Folder, "settings.db");

    private protected override Task<IEnumerable<(string Name, string Type, (string Name, string Value)[] Metadata)>> PrepareAsync() =>
        Task.FromResult<IEnumerable<(string, string, (string, string)[])>>(
        [
            ("settings", "configuration.edgemesh.sqlite", [("connectionString", Settings), ("pollInterval", "50ms")]),
            ("locks", "lock.edgemesh.sqlite", [("connectionString", Path.Combine(Folder, "locks.db"))]),
            ("broker", "pubsub.in-memory", []),
        ]);

    /// <summary>As anybody on the machine does it (docs/guides/building-blocks.md).</summary>
    internal override async Task SetAsync(string key, string? value)
    {
        await using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Settings};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = value is null
            ? "DELETE FROM configuration WHERE key = $key"
            : "INSERT INTO configuration (key, value) VALUES ($key, $value) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        command.Parameters.AddWithValue("$key", key);
        command.Parameters.AddWithValue("$value", value ?? "");
        await command.ExecuteNonQueryAsync();
    }
}

public sealed class EmbeddedBlocksFixture : SqliteBlocksFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) => await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

/// <summary>With settings and locks in a real Redis.</summary>
public abstract class RedisBlocksFixture : BlocksFixture
{
    private RedisProcess? _redis;

    private protected abstract Task<(string Name, string Type, (string Name, string Value)[] Metadata)> BrokerAsync(string redis);

    private protected override async Task<IEnumerable<(string Name, string Type, (string Name, string Value)[] Metadata)>> PrepareAsync()
    {
        _redis = await RedisProcess.StartAsync(Folder);
        return
        [
            ("settings", "configuration.redis", [("redisHost", _redis.Address)]),
            ("locks", "lock.redis", [("redisHost", _redis.Address)]),
            await BrokerAsync(_redis.Address),
        ];
    }

    internal override Task SetAsync(string key, string? value) => value is null ? _redis!.SendAsync("DEL", key) : _redis!.SendAsync("SET", key, value);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }
}

/// <summary>And with Kafka, whose partitions a bulk subscription takes many messages of at a time.</summary>
public sealed class EmbeddedServersBlocksFixture : RedisBlocksFixture
{
    private ServerProcess? _kafka;

    private protected override async Task<(string Name, string Type, (string Name, string Value)[] Metadata)> BrokerAsync(string redis)
    {
        _kafka = await ServerProcess.KafkaAsync(CancellationToken.None);
        return ("broker", "pubsub.kafka", [("brokers", $"127.0.0.1:{_kafka.Port}"), ("authType", "none"), ("initialOffset", "oldest")]);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_kafka is not null)
        {
            await _kafka.DisposeAsync();
        }
    }

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) => await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class DaprdBlocksFixture : RedisBlocksFixture
{
    private protected override Task<(string Name, string Type, (string Name, string Value)[] Metadata)> BrokerAsync(string redis) =>
        Task.FromResult(("broker", "pubsub.redis", new[] { ("redisHost", redis), ("processingTimeout", "2s"), ("redeliverInterval", "1s") }));

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) => await DaprdEngine.StartAsync(setup with { ControlPlane = true }, CancellationToken.None);
}
