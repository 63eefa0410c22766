using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace EdgeMesh.Sidecar.Components.PubSubRabbitMq;

/// <summary>Takes what one channel delivers to a handler, several at a time, and tells the broker what became of it. What was delivered by a channel
/// before, and is still being worked on, counts too: <paramref name="turns"/> are the subscription's.</summary>
internal sealed class RabbitConsumer(IChannel channel, RabbitOptions options, string topic, BrokerHandler handler, InHand inHand, SemaphoreSlim turns, CancellationToken stopped) : AsyncDefaultBasicConsumer(channel)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _free = new(options.MostInHand);
    private int _refusals;

    /// <summary>Ends when the broker sends nothing more.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Begins the delivery and returns: the client tells its channels one after the other that their connection broke, each when its
    /// consumers are idle, so one that an app works on for an hour would keep all others from their new connection. The body is the client's,
    /// and valid until this returns.</summary>
    public override async Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        // The broker sends no more than that, but for those that need no acknowledgement.
        await _free.WaitAsync(cancellationToken);
        inHand.Begin();
        _ = DeliverAsync(deliveryTag, new BrokerMessage(topic, body.ToArray(), options.TellsProperties ? Metadata(properties) : BrokerMessage.NoMetadata) { Id = properties.MessageId ?? Guid.NewGuid().ToString() });
    }

    private async Task DeliverAsync(ulong deliveryTag, BrokerMessage message)
    {
        // Off the client's thread at once.
        await Task.Yield();
        try
        {
            await turns.WaitAsync(stopped);
            try
            {
                await HandleAsync(deliveryTag, message);
            }
            finally
            {
                turns.Release();
            }
        }
        catch (Exception)
        {
            // The channel ended first: the broker gives the message to another.
            _ended.TrySetResult();
        }
        finally
        {
            _free.Release();
            inHand.End();
        }
    }

    private async Task HandleAsync(ulong deliveryTag, BrokerMessage message)
    {
        if (options.AutoAck)
        {
            await TryHandleAsync(message);
        }
        else if (Channel.IsOpen)
        {
            await SettleAsync(deliveryTag, done: !stopped.IsCancellationRequested && await TryHandleAsync(message));
        }
    }

    private async Task<bool> TryHandleAsync(BrokerMessage message)
    {
        try
        {
            return await handler(message, stopped);
        }
        catch (Exception)
        {
            // A handler that throws, or is stopped, did not acknowledge.
            return false;
        }
    }

    private async Task SettleAsync(ulong tag, bool done)
    {
        if (done)
        {
            Volatile.Write(ref _refusals, 0);
            await Channel.BasicAckAsync(tag, multiple: false, CancellationToken.None);
            return;
        }

        // The broker would send it again at once, for as long as the app is away: a pause that grows with each refusal in a row.
        var pause = Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(Interlocked.Increment(ref _refusals) - 1, 16));
        await Task.Delay(TimeSpan.FromTicks(pause), TimeProvider.System, stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Channel.BasicNackAsync(tag, multiple: false, options.Requeue || stopped.IsCancellationRequested, CancellationToken.None);
    }

    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _ended.TrySetResult();
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }

    public override Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        _ended.TrySetResult();
        return base.HandleChannelShutdownAsync(channel, reason);
    }

    /// <summary>Under daprd's names.</summary>
    internal static Dictionary<string, string> Metadata(IReadOnlyBasicProperties properties)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        Add("messageid", properties.MessageId);
        Add("correlationid", properties.CorrelationId);
        Add("type", properties.Type);
        Add("contenttype", properties.ContentType);
        foreach (var (name, value) in properties.Headers ?? new Dictionary<string, object?>())
        {
            Add(name, value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture));
        }

        return metadata;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                metadata["metadata." + name] = value;
            }
        }
    }
}
