using EdgeMesh.Tests.Servers;

namespace EdgeMesh.MeshTests.Brokers;

/// <summary>A broker, and the component that reaches it.</summary>
public abstract class BrokerFixture : IAsyncLifetime
{
    public const string Component = "events";

    private ServerProcess? _server;

    public int Port => _server!.Port;

    private protected abstract Task<ServerProcess> StartAsync();

    private protected abstract string Metadata(int port);

    private protected abstract string Type { get; }

    public async ValueTask InitializeAsync() => _server = await StartAsync();

    public async Task RestartAsync(CancellationToken cancellation)
    {
        await _server!.KillAsync();
        await _server.StartAsync(cancellation);
    }

    /// <summary>The component's resource, for a broker on that port.</summary>
    public void Write(string folder, int port) => File.WriteAllText(Path.Combine(folder, "events.yaml"), $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {{Component}}
        spec:
          type: {{Type}}
          version: v1
          metadata: [{{Metadata(port)}}, { name: consumerID, value: "{namespace}" }]
        """);

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

public sealed class RabbitMqFixture : BrokerFixture
{
    private protected override string Type => "pubsub.rabbitmq";

    private protected override Task<ServerProcess> StartAsync() => ServerProcess.RabbitMqAsync(CancellationToken.None);

    private protected override string Metadata(int port) =>
        $"{{ name: connectionString, value: \"amqp://guest:guest@127.0.0.1:{port}\" }}, {{ name: durable, value: \"true\" }}, {{ name: deletedWhenUnused, value: \"false\" }}, " +
        "{ name: publisherConfirm, value: \"true\" }, { name: deliveryMode, value: \"2\" }, { name: requeueInFailure, value: \"true\" }, { name: reconnectWaitSeconds, value: \"1\" }";
}

public sealed class KafkaFixture : BrokerFixture
{
    private protected override string Type => "pubsub.kafka";

    private protected override Task<ServerProcess> StartAsync() => ServerProcess.KafkaAsync(CancellationToken.None);

    private protected override string Metadata(int port) =>
        $"{{ name: brokers, value: \"127.0.0.1:{port}\" }}, {{ name: authType, value: none }}, {{ name: initialOffset, value: oldest }}, {{ name: sessionTimeout, value: 6s }}, {{ name: heartbeatInterval, value: 1s }}";
}
