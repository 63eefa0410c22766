using EdgeMesh.ConformanceTests.Engines;
using EdgeMesh.Tests.Servers;

[assembly: AssemblyFixture(typeof(EmbeddedServersFixture))]
[assembly: AssemblyFixture(typeof(DaprdServersFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedKafkaFixture))]
[assembly: AssemblyFixture(typeof(DaprdKafkaFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>An engine whose <c>pubsub</c> is RabbitMQ, with stores <c>postgresql</c> and <c>redis</c>.</summary>
/// <param name="host">The engine's own virtual host of the broker.</param>
public abstract class ServersFixture(string host) : EngineFixture
{
    private protected override async Task PrepareAsync(EngineSetup setup)
    {
        var ports = await Task.WhenAll(SharedServers.RabbitMq.TakeAsync(), SharedServers.Postgresql.TakeAsync(), SharedServers.Redis.TakeAsync());
        Resources.Component(setup, "pubsub", "pubsub.rabbitmq", "v1",
        [
            ("connectionString", $"amqp://guest:guest@127.0.0.1:{ports[0]}/{host}"), ("consumerID", "{namespace}"), ("durable", "true"), ("deletedWhenUnused", "false"),
            ("publisherConfirm", "true"), ("deliveryMode", "2"), ("requeueInFailure", "true"), ("publishMessagePropertiesToMetadata", "true"),
        ]);
        Resources.Component(setup, "postgresql", "state.postgresql", "v2", [("connectionString", $"host=127.0.0.1 port={ports[1]} user=postgres database=postgres")]);
        Resources.Component(setup, "redis", "state.redis", "v1", [("redisHost", $"127.0.0.1:{ports[2]}")]);
    }

    private protected override async ValueTask ReleaseAsync()
    {
        await SharedServers.RabbitMq.GiveBackAsync();
        await SharedServers.Postgresql.GiveBackAsync();
        await SharedServers.Redis.GiveBackAsync();
    }
}

public sealed class EmbeddedServersFixture() : ServersFixture(ServerProcess.RabbitMqHosts[0])
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class DaprdServersFixture() : ServersFixture(ServerProcess.RabbitMqHosts[1])
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await DaprdEngine.StartAsync(setup, CancellationToken.None);
}

/// <summary>An engine whose <c>pubsub</c> is Kafka: a broker of its own, because Kafka has no virtual hosts.</summary>
public abstract class KafkaFixture : EngineFixture
{
    private ServerProcess? _kafka;

    private protected override async Task PrepareAsync(EngineSetup setup)
    {
        _kafka = await ServerProcess.KafkaAsync(CancellationToken.None);
        Resources.Component(setup, "pubsub", "pubsub.kafka", "v1",
            [("brokers", $"127.0.0.1:{_kafka.Port}"), ("authType", "none"), ("initialOffset", "oldest"), ("consumerID", "{namespace}")]);
    }

    private protected override async ValueTask ReleaseAsync()
    {
        if (_kafka is { } kafka)
        {
            await kafka.DisposeAsync();
        }
    }
}

public sealed class EmbeddedKafkaFixture : KafkaFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class DaprdKafkaFixture : KafkaFixture
{
    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await DaprdEngine.StartAsync(setup, CancellationToken.None);
}
