using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components.Pluggable;

/// <summary>A broker in a process of its own.</summary>
internal sealed class PluggableBroker : IPubSubBroker, IServerDriver
{
    private readonly ComponentSpec _spec;
    private readonly GrpcChannel _channel;
    private readonly Metadata _headers;
    private readonly PubSub.PubSubClient _broker;
    private readonly ILogger _logger;

    public PluggableBroker(ComponentSpec spec, string socket, ComponentContext context)
    {
        _spec = spec;
        (_channel, _headers) = PluggableSocket.Open(socket, spec.Name);
        _broker = new PubSub.PubSubClient(_channel);
        _logger = context.Loggers.CreateLogger("EdgeMesh.Sidecar.Pluggable");
    }

    public async Task ConnectAsync(CancellationToken cancellation) =>
        await _broker.InitAsync(new PubSubInitRequest { Metadata = new MetadataRequest { Properties = { _spec.Metadata.ToDictionary() } } }, _headers, cancellationToken: cancellation);

    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        var request = new PublishRequest { Data = UnsafeByteOperations.UnsafeWrap(message.Data), PubsubName = _spec.Name, Topic = message.Topic };
        foreach (var (name, value) in message.Metadata)
        {
            request.Metadata[name] = value;
        }

        await _broker.PublishAsync(request, _headers, cancellationToken: cancellation);
    }

    public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
    {
        var topic = new Topic { Name = subscription.Topic };
        foreach (var (name, value) in subscription.Metadata)
        {
            topic.Metadata[name] = value;
        }

        return Task.FromResult<IAsyncDisposable>(new PluggableStream<PullMessagesRequest, PullMessagesResponse>(
            topic.Name, () => _broker.PullMessages(_headers), new PullMessagesRequest { Topic = topic }, (pulled, token) => DeliverAsync(pulled, topic.Name, handler, token), _logger));
    }

    private static async Task<PullMessagesRequest> DeliverAsync(PullMessagesResponse pulled, string topic, BrokerHandler handler, CancellationToken cancellation)
    {
        var message = new BrokerMessage(pulled.TopicName.Length > 0 ? pulled.TopicName : topic, pulled.Data.Memory, pulled.Metadata) { Id = pulled.Id };
        var isTaken = await TryAsync(message, handler, cancellation);
        return new PullMessagesRequest { AckMessageId = pulled.Id, AckError = isTaken ? null : new AckMessageError { Message = "the app did not take the message" } };
    }

    private static async Task<bool> TryAsync(BrokerMessage message, BrokerHandler handler, CancellationToken cancellation)
    {
        try
        {
            return await handler(message, cancellation);
        }
        catch (Exception)
        {
            // A handler that throws, or is stopped, did not acknowledge.
            return false;
        }
    }

    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }
}
