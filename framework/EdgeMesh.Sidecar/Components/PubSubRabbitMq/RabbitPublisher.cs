using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Mime;
using System.Threading.RateLimiting;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace EdgeMesh.Sidecar.Components.PubSubRabbitMq;

/// <summary>Publishes on one channel that all share. With confirms a publish returns when the broker has the message (for a durable queue
/// and a persistent message: on disk); many may wait for theirs at a time.</summary>
internal sealed class RabbitPublisher(RabbitConnection connection, RabbitOptions options) : IAsyncDisposable
{
    private const int Attempts = 3;
    private const int MostUnconfirmed = 512;
    private const int MostWaiting = 10_000;

    private readonly SemaphoreSlim _opening = new(1);
    private volatile OpenChannel? _open;

    /// <exception cref="BrokerRefusalException">The broker does not take it.</exception>
    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await TryAsync(message, cancellation);
                return;
            }
            catch (PublishException error)
            {
                throw new BrokerRefusalException($"RabbitMQ refused the message ({(error.IsReturn ? "returned" : "not confirmed")}).");
            }
            catch (Exception error) when (attempt < Attempts && error is AlreadyClosedException or OperationInterruptedException or BrokerUnreachableException or IOException or ObjectDisposedException)
            {
                // The connection broke, perhaps after the broker had the message: as with daprd it may then be there twice.
                await Task.Delay(options.ReconnectWait, TimeProvider.System, cancellation);
            }
        }
    }

    private async Task TryAsync(BrokerMessage message, CancellationToken cancellation)
    {
        var open = _open is { Channel.IsOpen: true } ready ? ready : await OpenAsync(cancellation);
        if (!open.Exchanges.ContainsKey(message.Topic))
        {
            await RabbitTopology.DeclareExchangeAsync(open.Channel, options, message.Topic, cancellation);
            open.Exchanges.TryAdd(message.Topic, true);
        }

        var key = message.Metadata.Count > 0 && message.Metadata.TryGetValue("routingKey", out var routing) ? routing : "";
        await open.Channel.BasicPublishAsync(message.Topic, key, mandatory: false, Properties(message), message.Data, cancellation);
    }

    private BasicProperties Properties(BrokerMessage message)
    {
        var properties = new BasicProperties { ContentType = MediaTypeNames.Text.Plain, DeliveryMode = options.Persistent ? DeliveryModes.Persistent : DeliveryModes.Transient };
        var own = message.Metadata.Count > 0 ? BrokerMessage.ReadTimeToLive(message.Metadata) : null;
        if ((own ?? options.TimeToLive) is { } time)
        {
            properties.Expiration = ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        foreach (var (name, value) in message.Metadata)
        {
            switch (name)
            {
                case "priority" when byte.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var priority):
                    properties.Priority = priority;
                    break;
                case "messageID":
                    properties.MessageId = value;
                    break;
                case "correlationID":
                    properties.CorrelationId = value;
                    break;
                case "type":
                    properties.Type = value;
                    break;
                case "contentType":
                    properties.ContentType = value;
                    break;
            }
        }

        return properties;
    }

    private async Task<OpenChannel> OpenAsync(CancellationToken cancellation)
    {
        await _opening.WaitAsync(cancellation);
        try
        {
            if (_open is { Channel.IsOpen: true } made)
            {
                return made;
            }

            if (_open is { } broken)
            {
                _open = null;
                await broken.Channel.DisposeAsync();
            }

            var channel = await (await connection.GetAsync(cancellation)).CreateChannelAsync(
                new CreateChannelOptions(options.Confirms, publisherConfirmationTrackingEnabled: options.Confirms, Limiter()), cancellation);
            return _open = new OpenChannel(channel, new ConcurrentDictionary<string, bool>(StringComparer.Ordinal));
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>In place of the client's own limiter, which slows publishers down long before they are many.</summary>
    private static ConcurrencyLimiter Limiter() =>
        new(new ConcurrencyLimiterOptions { PermitLimit = MostUnconfirmed, QueueLimit = MostWaiting, QueueProcessingOrder = QueueProcessingOrder.OldestFirst });

    public async ValueTask DisposeAsync()
    {
        if (_open is { } open)
        {
            await open.Channel.DisposeAsync();
        }

        _opening.Dispose();
    }

    /// <param name="Channel">Safe for many publishers at a time.</param>
    /// <param name="Exchanges">What was declared on it: a channel ends with its connection, and a broker may have forgotten by then.</param>
    private sealed record OpenChannel(IChannel Channel, ConcurrentDictionary<string, bool> Exchanges);
}
