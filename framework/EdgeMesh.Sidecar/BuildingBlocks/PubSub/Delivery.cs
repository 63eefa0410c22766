using System.Diagnostics;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Http;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Brings one subscription's messages to its app, and decides what becomes of them, as daprd does: what the app does
/// not take, after what the component's inbound policy asks, goes to the dead letter topic if there is one, else it comes again.</summary>
internal sealed partial class Delivery(AppRuntime app, Subscription subscription, ComponentSpec spec, IPubSubBroker broker, Postman postman, ILogger logger)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = JsonSlice.DepthLimit };

    private readonly TagList _labels = ConventionMetrics.Processing(spec, subscription, Group(app, spec));

    /// <summary>Connects a subscription to its broker, until it is disposed.</summary>
    /// <exception cref="DaprFault">There is no such component, or its topic scopes do not allow it.</exception>
    public static Task<IAsyncDisposable> OpenAsync(AppRuntime app, Subscription subscription, Postman postman, ILogger logger, CancellationToken cancellation)
    {
        var broker = PubSubBlock.Broker(app, subscription.PubSub, out var spec);
        if (!TopicScopes.MaySubscribe(spec, app.AppId, subscription.Topic))
        {
            throw PubSubFaults.Forbidden(subscription.PubSub, subscription.Topic, app.AppId);
        }

        if (subscription.DeadLetterTopic is { } topic && !TopicScopes.MayPublish(spec, app.AppId, topic))
        {
            throw PubSubFaults.Forbidden(subscription.PubSub, topic, app.AppId);
        }

        var delivery = new Delivery(app, subscription, spec, broker, postman, logger);
        var asked = new BrokerSubscription(subscription.Topic, Group(app, spec), subscription.Metadata) { InHand = subscription.Bulk?.MaxMessages ?? 1 };
        return broker.SubscribeAsync(asked, delivery.HandleAsync, cancellation);
    }

    /// <summary>The consumer group in which an app subscribes.</summary>
    public static string Group(AppRuntime app, ComponentSpec spec) => spec.Text("consumerGroup") ?? spec.Text("consumerID") ?? app.AppId;

    /// <summary>The broker's handler. A subscription that ends because the sidecar stops waits for what its app has in hand.</summary>
    public async Task<bool> HandleAsync(BrokerMessage message, CancellationToken cancellation)
    {
        using var work = app.Drain.Start(cancellation);
        return await HandOverAsync(message, work.Token);
    }

    private async Task<bool> HandOverAsync(BrokerMessage message, CancellationToken cancellation)
    {
        var body = subscription.IsRaw ? CloudEvent.WrapRaw(message, subscription.PubSub) : GoJson.Readable(message.Data);
        if (!Envelope.TryRead(body.Span, out var envelope))
        {
            LogNoCloudEvent(subscription.PubSub, message.Topic, app.AppId, message.Id);
            return await GiveBackAsync(message, cancellation);
        }

        if (envelope.Expiration is { } expiration && EnvelopeTime.IsPast(expiration, app.Process.Clock.GetUtcNow()))
        {
            LogExpired(envelope.Id, subscription.PubSub, message.Topic, expiration);
            return await GiveUpAsync(message, cancellation);
        }

        var route = Route(body);
        if (route.Error is not null)
        {
            LogNoChoice(envelope.Id, subscription.PubSub, message.Topic, app.AppId, route.Error);
            return await GiveBackAsync(message, cancellation);
        }

        if (route.Path is not { } path)
        {
            LogNoRoute(envelope.Id, subscription.PubSub, message.Topic, app.AppId);
            return await GiveUpAsync(message, cancellation);
        }

        using var span = app.Tracing?.Start($"pubsub/{message.Topic}", ActivityKind.Client, envelope.TraceParent, envelope.TraceState, Random.Shared.NextDouble());
        span?.Tag("messaging.system", "pubsub");
        span?.Tag("messaging.destination.name", message.Topic);
        var verdict = await DeliverAsync(new Parcel(message, span is { } traced ? envelope with { TraceParent = traced.Parent } : envelope, body, path), cancellation);
        return verdict switch
        {
            Verdict.Success => true,
            Verdict.Drop => await GiveUpAsync(message, cancellation),
            _ => await GiveBackAsync(message, cancellation),
        };
    }

    /// <summary>As often as the component's inbound policy asks; without one, once.</summary>
    private async Task<Verdict> DeliverAsync(Parcel parcel, CancellationToken cancellation)
    {
        if (app.Resilience.Inbound(spec) is not { } policy)
        {
            return await TryAsync(parcel, cancellation, cancellation);
        }

        try
        {
            return await policy.RunAsync(token => TryAsync(parcel, token, cancellation), static verdict => verdict == Verdict.Retry ? new CallFailure(null, null) : null, cancellation);
        }
        catch (Exception error) when (error is TimeoutException or CircuitOpenException)
        {
            LogNotDelivered(parcel.Envelope.Id, subscription.PubSub, parcel.Message.Topic, app.AppId, error.Message);
            return Verdict.Retry;
        }
    }

    /// <summary>Once. Messages that go together are counted together.</summary>
    /// <param name="parcel">What.</param>
    /// <param name="attempt">Ends the attempt, as when the policy's time for it is over.</param>
    /// <param name="cancellation">Ends the delivery.</param>
    private async Task<Verdict> TryAsync(Parcel parcel, CancellationToken attempt, CancellationToken cancellation)
    {
        var began = app.Process.Clock.GetTimestamp();
        try
        {
            var verdict = await postman(parcel, attempt);
            Count(verdict, verdict == Verdict.Retry ? ErrorClass.Retry : null, began);
            return verdict;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever it is that can't be brought to the app must not come again for ever beside a dead letter topic.
            LogNotDelivered(parcel.Envelope.Id, subscription.PubSub, parcel.Message.Topic, app.AppId, error.Message);
            Count(Verdict.Retry, ErrorClass.Of(error), began);
            return Verdict.Retry;
        }
        catch (OperationCanceledException)
        {
            Count(null, ErrorClass.OfEnded(attempt, cancellation), began);
            throw;
        }
    }

    /// <param name="verdict">Null: the delivery was given up, which daprd does not count.</param>
    /// <param name="error">Null: the app has dealt with it.</param>
    /// <param name="began">When it began.</param>
    private void Count(Verdict? verdict, string? error, long began)
    {
        if (subscription.Bulk is not null)
        {
            return;
        }

        var took = app.Process.Clock.GetElapsedTime(began);
        app.Conventions.Delivered(_labels, error, took);
        if (verdict is { } known)
        {
            PubSubMetrics.Delivered(app, subscription, known, took);
        }
    }

    private RouteChoice Route(ReadOnlyMemory<byte> body)
    {
        if (subscription.Rules.Count == 0)
        {
            return new RouteChoice(subscription.DefaultRoute, null);
        }

        using var document = JsonDocument.Parse(body, Options);
        return RouteChoice.Of(subscription.Rules, subscription.DefaultRoute, document.RootElement);
    }

    /// <summary>This app will not take the message: to the dead letter topic if there is one, else it is done with.</summary>
    private async Task<bool> GiveUpAsync(BrokerMessage message, CancellationToken cancellation) =>
        subscription.DeadLetterTopic is not { } topic || await TryBuryAsync(message, topic, cancellation);

    /// <summary>The message could not be delivered: to the dead letter topic if there is one, else it comes again.</summary>
    private async Task<bool> GiveBackAsync(BrokerMessage message, CancellationToken cancellation) =>
        subscription.DeadLetterTopic is { } topic && await TryBuryAsync(message, topic, cancellation);

    /// <summary>A crash between this and the acknowledgement buries the message twice.</summary>
    private async Task<bool> TryBuryAsync(BrokerMessage message, string topic, CancellationToken cancellation)
    {
        try
        {
            await broker.PublishAsync(message with { Topic = topic, IsDeadLetter = true }, cancellation);
            LogBuried(subscription.PubSub, message.Topic, app.AppId, topic);
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever the broker throws, the message is still where it was, and comes again.
            LogNotBuried(subscription.PubSub, message.Topic, app.AppId, topic, error.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Event {Id} of topic {Topic} of {PubSub} was not delivered to {App}: {Reason}")]
    private partial void LogNotDelivered(string? id, string pubSub, string topic, string app, string reason);

    [LoggerMessage(LogLevel.Error, "Message {Id} of topic {Topic} of {PubSub} is no CloudEvent, and {App} subscribes without rawPayload")]
    private partial void LogNoCloudEvent(string pubSub, string topic, string app, string id);

    [LoggerMessage(LogLevel.Warning, "Event {Id} of topic {Topic} of {PubSub} expired at {Expiration} and is dropped")]
    private partial void LogExpired(string? id, string pubSub, string topic, string expiration);

    [LoggerMessage(LogLevel.Error, "No route of {App} can be chosen for event {Id} of topic {Topic} of {PubSub}: {Reason}")]
    private partial void LogNoChoice(string? id, string pubSub, string topic, string app, string reason);

    [LoggerMessage(LogLevel.Debug, "No route of {App} takes event {Id} of topic {Topic} of {PubSub}: dropped")]
    private partial void LogNoRoute(string? id, string pubSub, string topic, string app);

    [LoggerMessage(LogLevel.Warning, "{App} did not take a message of topic {Topic} of {PubSub}: it goes to dead letter topic {DeadLetterTopic}")]
    private partial void LogBuried(string pubSub, string topic, string app, string deadLetterTopic);

    [LoggerMessage(LogLevel.Error, "{App} did not take a message of topic {Topic} of {PubSub}, and dead letter topic {DeadLetterTopic} can't take it either ({Reason}): it comes again")]
    private partial void LogNotBuried(string pubSub, string topic, string app, string deadLetterTopic, string reason);
}
