using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Confluent.Kafka;

namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>Delivers one partition's messages one after the other, or as many at a time as a bulk subscription takes. When the app is behind, the partition is paused: what waits is bounded.</summary>
internal sealed class KafkaPartition
{
    private const int PauseAt = 64;
    private const int ResumeAt = 16;

    private readonly IConsumer<byte[]?, byte[]> _consumer;
    private readonly TopicPartition _at;
    private readonly KafkaSubscription _subscription;
    private readonly KafkaOptions _options;
    private readonly Channel<ConsumeResult<byte[]?, byte[]>> _queue = Channel.CreateUnbounded<ConsumeResult<byte[]?, byte[]>>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _stop;
    private readonly Lock _gate = new();
    private readonly Task _loop;
    private int _waiting;
    private bool _isPaused;
    private bool _isEnded;

    public KafkaPartition(IConsumer<byte[]?, byte[]> consumer, TopicPartition at, KafkaSubscription subscription, KafkaOptions options)
    {
        (_consumer, _at, _subscription, _options) = (consumer, at, subscription, options);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(subscription.Stopped);
        _loop = RunAsync();
    }

    public void Add(ConsumeResult<byte[]?, byte[]> result)
    {
        _queue.Writer.TryWrite(result);
        lock (_gate)
        {
            _waiting++;
            if (!_isPaused && _waiting >= PauseAt)
            {
                _isPaused = true;
                _consumer.Pause([_at]);
            }
        }
    }

    private async Task RunAsync()
    {
        try
        {
            var batch = new List<ConsumeResult<byte[]?, byte[]>>();
            while (await _queue.Reader.WaitToReadAsync(_stop.Token))
            {
                batch.Clear();
                while (batch.Count < _subscription.InHand && _queue.Reader.TryRead(out var result))
                {
                    Taken();
                    batch.Add(result);
                }

                if (!await DeliverAsync(batch))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The partition goes, or the subscription ends.
        }
    }

    private void Taken()
    {
        lock (_gate)
        {
            _waiting--;
            if (_isPaused && !_isEnded && _waiting <= ResumeAt)
            {
                _isPaused = false;
                _consumer.Resume([_at]);
            }
        }
    }

    /// <summary>False: stopped before the app took all of them; the offset is behind those that it took in a row.</summary>
    private async Task<bool> DeliverAsync(List<ConsumeResult<byte[]?, byte[]>> batch)
    {
        var done = batch.Count == 1 ? [await DeliverAsync(batch[0])] : await Task.WhenAll(batch.Select(DeliverAsync));
        var taken = done.TakeWhile(d => d).Count();
        if (taken > 0)
        {
            Store(batch[taken - 1]);
        }

        return taken == batch.Count;
    }

    /// <summary>False: stopped before the app took it.</summary>
    private async Task<bool> DeliverAsync(ConsumeResult<byte[]?, byte[]> result)
    {
        var message = new BrokerMessage(_at.Topic, result.Message.Value, Metadata(result, _options)) { Id = string.Create(CultureInfo.InvariantCulture, $"{_at.Topic}-{_at.Partition.Value}-{result.Offset.Value}") };
        while (!await _subscription.TryHandleAsync(message, _stop.Token))
        {
            if (_stop.IsCancellationRequested)
            {
                return false;
            }

            if (!_options.Retries)
            {
                // As with daprd, passed over: the next one that is taken moves the offset past it.
                BrokerLosses.Add(1, "kafka", "attempts", _at.Topic);
                return true;
            }

            await Task.Delay(_options.RetryInterval, TimeProvider.System, _stop.Token);
        }

        return true;
    }

    private void Store(ConsumeResult<byte[]?, byte[]> result)
    {
        try
        {
            _consumer.StoreOffset(result);
        }
        catch (KafkaException)
        {
            // The partition went to another, who gets this message again.
        }
    }

    /// <summary>Ends delivery; returns when nothing of it is in hand.</summary>
    public async Task EndAsync()
    {
        lock (_gate)
        {
            _isEnded = true;
        }

        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    /// <summary>Under daprd's names: the record's place, and its headers.</summary>
    internal static Dictionary<string, string> Metadata(ConsumeResult<byte[]?, byte[]> result, KafkaOptions options)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["__topic"] = result.Topic,
            ["__partition"] = result.Partition.Value.ToString(CultureInfo.InvariantCulture),
            ["__offset"] = result.Offset.Value.ToString(CultureInfo.InvariantCulture),
            ["__timestamp"] = result.Message.Timestamp.UnixTimestampMs.ToString(CultureInfo.InvariantCulture),
        };
        if (result.Message.Key is { } key)
        {
            metadata["__key"] = Text(key, options);
        }

        foreach (var header in result.Message.Headers ?? [])
        {
            if (options.ExcludedHeaders?.IsMatch(header.Key) != true)
            {
                metadata[header.Key] = Text(header.GetValueBytes() ?? [], options);
            }
        }

        return metadata;
    }

    private static string Text(byte[] value, KafkaOptions options) => options.EscapesHeaders ? Uri.EscapeDataString(Encoding.UTF8.GetString(value)) : Encoding.UTF8.GetString(value);
}
