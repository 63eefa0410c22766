using System.Text;
using Confluent.Kafka;

namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>Publishes with the acknowledgement of all replicas.</summary>
internal sealed class KafkaPublisher : IDisposable
{
    private const string KeyField = "partitionKey";

    /// <summary>How long a message may wait for a broker that is away.</summary>
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(10);

    private readonly IProducer<byte[]?, ReadOnlyMemory<byte>> _producer;
    private readonly KafkaOptions _options;

    public KafkaPublisher(KafkaOptions options)
    {
        _options = options;
        _producer = new ProducerBuilder<byte[]?, ReadOnlyMemory<byte>>(new ProducerConfig(options.Client.ToDictionary(c => c.Key, c => c.Value))
        {
            Acks = Acks.All,
            MessageTimeoutMs = (int)SendLimit.TotalMilliseconds,
            // Each caller waits for its own message: nobody gains by waiting for more of them.
            LingerMs = 0,
            MessageMaxBytes = options.MaxMessageBytes,
            CompressionType = options.Compression,
            SocketNagleDisable = true,
        }).SetValueSerializer(Bytes.Instance).SetLogHandler(KafkaBroker.Quiet).Build();
    }

    /// <exception cref="BrokerRefusalException">The broker does not take it.</exception>
    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        try
        {
            await _producer.ProduceAsync(message.Topic, Record(message), cancellation);
        }
        catch (ProduceException<byte[]?, ReadOnlyMemory<byte>> error)
        {
            throw new BrokerRefusalException($"Kafka did not take the message: {error.Error.Reason}");
        }
    }

    private Message<byte[]?, ReadOnlyMemory<byte>> Record(BrokerMessage message)
    {
        var record = new Message<byte[]?, ReadOnlyMemory<byte>> { Value = message.Data };
        foreach (var (name, value) in message.Metadata)
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            if (name is KeyField or "__key")
            {
                record.Key = bytes;
            }

            if (_options.ExcludedHeaders?.IsMatch(name) != true)
            {
                (record.Headers ??= []).Add(name, bytes);
            }
        }

        return record;
    }

    /// <summary>Sends what is still on its way, for a bounded time.</summary>
    public void Dispose()
    {
        _producer.Flush(SendLimit);
        _producer.Dispose();
    }

    private sealed class Bytes : ISerializer<ReadOnlyMemory<byte>>
    {
        public static readonly Bytes Instance = new();

        /// <summary>Without a copy where the memory is a whole array.</summary>
        public byte[] Serialize(ReadOnlyMemory<byte> data, SerializationContext context) =>
            System.Runtime.InteropServices.MemoryMarshal.TryGetArray(data, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length ? segment.Array : data.ToArray();
    }
}
