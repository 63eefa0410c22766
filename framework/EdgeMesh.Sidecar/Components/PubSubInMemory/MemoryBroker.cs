using System.Collections.Concurrent;
using System.Threading.Channels;

namespace EdgeMesh.Sidecar.Components.PubSubInMemory;

/// <summary>Messages that live as long as the process, for every app of it. A group that nobody subscribes keeps nothing.</summary>
internal sealed class MemoryBroker(TimeProvider clock) : IPubSubBroker
{
    private const int QueueLimit = 10_000;
    private const int Attempts = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<(string Topic, string Group), Channel<BrokerMessage>> _groups = new();

    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        var stamped = message with { Id = Guid.NewGuid().ToString() };
        foreach (var ((topic, _), queue) in _groups)
        {
            if (topic == message.Topic)
            {
                await queue.Writer.WriteAsync(stamped, cancellation);
            }
        }
    }

    public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
    {
        var queue = _groups.GetOrAdd((subscription.Topic, subscription.ConsumerGroup), _ => Channel.CreateBounded<BrokerMessage>(QueueLimit));
        return Task.FromResult<IAsyncDisposable>(new Subscriber(queue, handler, clock));
    }

    public ValueTask DisposeAsync()
    {
        foreach (var queue in _groups.Values)
        {
            queue.Writer.TryComplete();
        }

        return ValueTask.CompletedTask;
    }

    private sealed class Subscriber : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _loop;

        public Subscriber(Channel<BrokerMessage> queue, BrokerHandler handler, TimeProvider clock) =>
            _loop = RunAsync(queue.Reader, handler, clock);

        private async Task RunAsync(ChannelReader<BrokerMessage> queue, BrokerHandler handler, TimeProvider clock)
        {
            try
            {
                await foreach (var message in queue.ReadAllAsync(_stop.Token))
                {
                    await DeliverAsync(message, handler, clock);
                }
            }
            catch (OperationCanceledException)
            {
                // The subscription ended.
            }
        }

        private async Task DeliverAsync(BrokerMessage message, BrokerHandler handler, TimeProvider clock)
        {
            var pause = FirstPause;
            for (var attempt = 1; attempt <= Attempts && !await handler(message, _stop.Token); attempt++)
            {
                await Task.Delay(pause, clock, _stop.Token);
                pause *= 2;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
            _stop.Dispose();
        }
    }
}
