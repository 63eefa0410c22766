using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary><c>SubscribeTopicEventsAlpha1</c>: a subscription that lasts as long as its stream. The first message names the topic, each
/// further one says what became of an event; a message that was under way when the stream ends comes again.</summary>
internal static class TopicStreamMethods
{
    public static void Add(MethodTable methods) => methods.AddDuplexStream<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1>("SubscribeTopicEventsAlpha1", StreamAsync);

    private static async Task StreamAsync(AppRuntime app, IAsyncStreamReader<SubscribeTopicEventsRequestAlpha1> requests, IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> answers, ServerCallContext call)
    {
        using var lifetime = call.Lifetime();
        var gone = CancellationToken.None;
        try
        {
            if (!await requests.MoveNext(lifetime.Token))
            {
                throw Refused("EOF");
            }

            var subscription = Read(requests.Current.InitialRequest);
            var stream = new TopicStream(subscription, answers, lifetime.Token);
            gone = app.Find(subscription.PubSub)?.Shared.Gone ?? CancellationToken.None;
            await using var ending = gone.Register(lifetime.Cancel);
            var logger = call.GetHttpContext().RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("EdgeMesh.Sidecar");
            await using var open = app.Streams.Hold(await Delivery.OpenAsync(app, subscription, Postman(app, subscription, stream), logger, lifetime.Token));
            await stream.BeginAsync();
            while (await requests.MoveNext(lifetime.Token))
            {
                stream.Settle(requests.Current.EventProcessed ?? throw Refused("duplicate initial request received"));
            }

            // Nobody can answer any more: the end of the subscription is not to wait for what is on its way, also while the sidecar stops.
            await lifetime.CancelAsync();
            throw Refused("EOF");
        }
        catch (Exception error) when (lifetime.IsCancellationRequested && error is OperationCanceledException or IOException)
        {
            // The client went, or the sidecar stops; or only the component goes, and the client may come again.
            if (gone.IsCancellationRequested)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "the pubsub component was changed or taken away: subscribe again"));
            }
        }
        finally
        {
            await lifetime.CancelAsync();
        }
    }

    /// <summary>A test's tap stands before the app: what that throws is as if the app had not answered.</summary>
    private static Postman Postman(AppRuntime app, Subscription subscription, TopicStream stream) => app.Process.Tap is not { } tap ? stream.DeliverAsync : async (parcel, cancellation) =>
    {
        try
        {
            var call = new ComponentCall(ComponentCallKind.StreamedDelivery, app.AppId, subscription.PubSub, parcel.Message.Topic, parcel.Body);
            return await tap.RunAsync(call, Verdict.Success, token => stream.DeliverAsync(parcel, token), cancellation);
        }
        catch (HttpRequestException)
        {
            return Verdict.Retry;
        }
    };

    private static Subscription Read(SubscribeTopicEventsRequestInitialAlpha1? asked)
    {
        if (asked is null)
        {
            throw Refused("initial request is required");
        }

        if (asked.PubsubName.Length == 0 || asked.Topic.Length == 0)
        {
            throw Refused(asked.PubsubName.Length == 0 ? "pubsubName is required" : "topic is required");
        }

        var faults = new List<string>();
        return new Subscription(asked.PubsubName, asked.Topic, [], "/")
        {
            DeadLetterTopic = asked.DeadLetterTopic.Length > 0 ? asked.DeadLetterTopic : null,
            Metadata = new Dictionary<string, string>(asked.Metadata),
        }.Checked(isIncomplete: false, "SubscribeTopicEventsAlpha1", faults) ?? throw Refused(faults[0]);
    }

    /// <summary>As daprd says what is wrong with the stream itself.</summary>
    private static RpcException Refused(string reason) => new(new Status(StatusCode.Unknown, reason));
}
