using System.Globalization;
using RabbitMQ.Client;

namespace EdgeMesh.Sidecar.Components.PubSubRabbitMq;

/// <summary>Exchanges and queues with daprd's names and arguments, so that both engines may serve one broker: a topic is an exchange, a
/// consumer group's share of it a queue.</summary>
internal static class RabbitTopology
{
    private const int MostPriorities = 255;

    public static Task DeclareExchangeAsync(IChannel channel, RabbitOptions options, string topic, CancellationToken cancellation) =>
        channel.ExchangeDeclareAsync(topic, options.ExchangeKind, options.Durable, options.AutoDelete, cancellationToken: cancellation);

    /// <returns>The queue's name.</returns>
    public static async Task<string> DeclareQueueAsync(IChannel channel, RabbitOptions options, BrokerSubscription subscription, CancellationToken cancellation)
    {
        var queue = Text(subscription, "queueName") ?? $"{subscription.ConsumerGroup}-{subscription.Topic}";
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = QueueType(subscription) };
        if (options.DeadLetters)
        {
            arguments["x-dead-letter-exchange"] = await DeclareDeadLettersAsync(channel, options, queue, cancellation);
        }

        if (MaxPriority(subscription) is { } priorities)
        {
            arguments["x-max-priority"] = priorities;
        }

        if (Text(subscription, "singleActiveConsumer") is "true")
        {
            arguments["x-single-active-consumer"] = true;
        }

        Bound(arguments, options);
        await DeclareExchangeAsync(channel, options, subscription.Topic, cancellation);
        await channel.QueueDeclareAsync(queue, options.Durable, exclusive: false, options.AutoDelete, arguments, cancellationToken: cancellation);
        foreach (var key in (Text(subscription, "routingKey") ?? "").Split(','))
        {
            await channel.QueueBindAsync(queue, subscription.Topic, key, cancellationToken: cancellation);
        }

        return queue;
    }

    private static async Task<string> DeclareDeadLettersAsync(IChannel channel, RabbitOptions options, string queue, CancellationToken cancellation)
    {
        string exchange = $"dlx-{queue}", letters = $"dlq-{queue}";
        var arguments = new Dictionary<string, object?> { ["x-queue-mode"] = "lazy" };
        Bound(arguments, options);
        await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, options.Durable, options.AutoDelete, cancellationToken: cancellation);
        await channel.QueueDeclareAsync(letters, durable: true, exclusive: false, options.AutoDelete, arguments, cancellationToken: cancellation);
        await channel.QueueBindAsync(letters, exchange, "", cancellationToken: cancellation);
        return exchange;
    }

    private static void Bound(Dictionary<string, object?> arguments, RabbitOptions options)
    {
        if (options.MaxLength > 0)
        {
            arguments["x-max-length"] = options.MaxLength;
        }

        if (options.MaxBytes > 0)
        {
            arguments["x-max-length-bytes"] = options.MaxBytes;
        }
    }

    private static string QueueType(BrokerSubscription subscription) => Text(subscription, "queueType") switch
    {
        null => "classic",
        ("classic" or "quorum") and var type => type,
        var other => throw new BrokerRefusalException($"'queueType' must be classic or quorum, and is '{other}'."),
    };

    private static long? MaxPriority(BrokerSubscription subscription) => Text(subscription, "maxPriority") switch
    {
        null => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => Math.Min(number, MostPriorities),
        var other => throw new BrokerRefusalException($"'maxPriority' must be a number from 0 to {MostPriorities}, and is '{other}'."),
    };

    private static string? Text(BrokerSubscription subscription, string field) =>
        subscription.Metadata.TryGetValue(field, out var text) && text.Length > 0 ? text : null;
}
