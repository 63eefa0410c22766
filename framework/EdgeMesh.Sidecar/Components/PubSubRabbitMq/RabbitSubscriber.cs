using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace EdgeMesh.Sidecar.Components.PubSubRabbitMq;

/// <summary>One consumer of one queue, set up anew whenever its channel ends: the broker restarted, the queue was deleted. What was in hand
/// then was not acknowledged, and comes again.</summary>
internal sealed partial class RabbitSubscriber : IAsyncDisposable
{
    private readonly RabbitConnection _connection;
    private readonly RabbitOptions _options;
    private readonly BrokerSubscription _subscription;
    private readonly BrokerHandler _handler;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _stands = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly InHand _inHand = new();
    private readonly SemaphoreSlim _turns;
    private readonly Task _loop;

    public RabbitSubscriber(RabbitConnection connection, RabbitOptions options, BrokerSubscription subscription, BrokerHandler handler, ILogger logger)
    {
        (_connection, _options, _subscription, _handler, _logger) = (connection, options, subscription, handler, logger);
        _turns = new SemaphoreSlim(options.MostInHand);
        _loop = RunAsync();
    }

    /// <summary>Ends when messages come for the first time, or can't ever.</summary>
    public Task Stands => _stands.Task;

    private async Task RunAsync()
    {
        // Off the caller at once.
        await Task.Yield();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync();
            }
            catch (BrokerRefusalException error)
            {
                // The subscription itself is wrong: no use to try again.
                _stands.TrySetException(error);
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Whatever ended the channel, another one may do better.
                LogEnded(_subscription.Topic, _subscription.ConsumerGroup, error.Message);
            }

            await Task.Delay(_options.ReconnectWait, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Consumes until the channel ends or the subscription does.</summary>
    private async Task ConsumeAsync()
    {
        var connection = await _connection.GetAsync(_stop.Token);
        await using var channel = await connection.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: false, publisherConfirmationTrackingEnabled: false), _stop.Token);
        var queue = await RabbitTopology.DeclareQueueAsync(channel, _options, _subscription, _stop.Token);
        await channel.BasicQosAsync(0, _options.MostInHand, global: false, _stop.Token);
        var consumer = new RabbitConsumer(channel, _options, _subscription.Topic, _handler, _inHand, _turns, _stop.Token);
        var tag = await channel.BasicConsumeAsync(queue, _options.AutoAck, $"{queue}-{Guid.NewGuid()}", noLocal: false, exclusive: false, arguments: null, consumer, _stop.Token);
        _stands.TrySetResult();
        await consumer.Ended.WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_stop.IsCancellationRequested && channel.IsOpen)
        {
            // No more messages, then those in hand are told of while the channel still stands.
            await channel.BasicCancelAsync(tag, noWait: false, CancellationToken.None);
            await _inHand.EndedAsync();
        }
    }

    /// <summary>Ends the subscription; deliveries under way are waited for.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _inHand.EndedAsync();
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "The subscription of topic {Topic} by {Group} broke, and is set up anew: {Reason}")]
    private partial void LogEnded(string topic, string group, string reason);
}
