using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components.PubSubRabbitMq;

/// <summary>RabbitMQ, with daprd's exchanges, queues, fields and defaults.</summary>
internal sealed class RabbitBroker(ComponentSpec spec, ComponentContext context) : IPubSubBroker, IServerDriver
{
    private readonly RabbitOptions _options = RabbitOptions.Read(spec);
    private readonly RabbitConnection _connection = new(RabbitOptions.Connect(spec));
    private readonly ILogger _logger = context.Loggers.CreateLogger("EdgeMesh.Sidecar.RabbitMq");
    private RabbitPublisher? _publisher;

    public bool ExpiresMessages => true;

    public async Task ConnectAsync(CancellationToken cancellation)
    {
        await _connection.GetAsync(cancellation);
        _publisher ??= new RabbitPublisher(_connection, _options);
    }

    public Task PublishAsync(BrokerMessage message, CancellationToken cancellation) => _publisher!.PublishAsync(message, cancellation);

    public async Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
    {
        var subscriber = new RabbitSubscriber(_connection, _options, subscription, handler, _logger);
        try
        {
            await subscriber.Stands.WaitAsync(cancellation);
            return subscriber;
        }
        catch
        {
            await subscriber.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_publisher is { } publisher)
        {
            await publisher.DisposeAsync();
        }

        await _connection.DisposeAsync();
    }
}
