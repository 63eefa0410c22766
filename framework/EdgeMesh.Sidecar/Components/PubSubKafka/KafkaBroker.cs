using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>Kafka, with daprd's fields and defaults: a topic is a topic, a consumer group a consumer group, and each partition is delivered
/// in its order.</summary>
internal sealed class KafkaBroker : IPubSubBroker, IServerDriver
{
    private readonly KafkaOptions _options;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<KafkaGroup> _groups = [];
    private KafkaPublisher? _publisher;

    public KafkaBroker(ComponentSpec spec, ComponentContext context)
    {
        _options = KafkaOptions.Read(spec);
        _logger = context.Loggers.CreateLogger("EdgeMesh.Sidecar.Kafka");
    }

    /// <summary>The client connects by itself and for ever; a first contact is an answer about the cluster.</summary>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig(new Dictionary<string, string>(_options.Client.ToDictionary(c => c.Key, c => c.Value)))).SetLogHandler(Quiet).Build();
        try
        {
            await admin.DescribeClusterAsync(new() { RequestTimeout = TimeSpan.FromSeconds(30) }).WaitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"no broker of '{_options.Client.BootstrapServers}' answers");
        }

        _publisher ??= new KafkaPublisher(_options);
    }

    public Task PublishAsync(BrokerMessage message, CancellationToken cancellation) => _publisher!.PublishAsync(message, cancellation);

    public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
    {
        lock (_gate)
        {
            // Two apps that share a group compete for its partitions: each is a member of its own.
            var added = _groups.Where(g => g.Name == subscription.ConsumerGroup).Select(g => g.TryAdd(subscription, handler)).FirstOrDefault(a => a is not null);
            if (added is null)
            {
                var group = new KafkaGroup(_options, subscription.ConsumerGroup, _logger);
                _groups.Add(group);
                added = group.TryAdd(subscription, handler)!;
            }

            return added.StandsAsync(cancellation);
        }
    }

    /// <summary>The client says every lost connection on its own; what matters reaches us as errors.</summary>
    public static void Quiet(IClient client, LogMessage message)
    {
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var group in _groups)
        {
            await group.DisposeAsync();
        }

        _publisher?.Dispose();
    }
}
