using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Publishing, whatever the transport.</summary>
internal static class PubSubBlock
{
    public static async Task PublishAsync(AppRuntime app, Publication publication, CancellationToken cancellation)
    {
        if (publication.Topic.Length == 0)
        {
            throw new DaprFault("ERR_TOPIC_EMPTY", $"topic is empty in pubsub {publication.PubSub}", 404, StatusCode.InvalidArgument);
        }

        var broker = Broker(app, publication.PubSub, out var spec);
        if (!TopicScopes.MayPublish(spec, app.AppId, publication.Topic))
        {
            throw new DaprFault("ERR_PUBSUB_FORBIDDEN", $"topic {publication.Topic} is not allowed for app id {app.AppId}", 403, StatusCode.PermissionDenied);
        }

        var clock = app.Process.Clock;
        var data = publication.IsRaw ? publication.Data : CloudEvent.Wrap(publication, clock.GetUtcNow(), Guid.NewGuid().ToString());
        try
        {
            await broker.PublishAsync(new BrokerMessage(publication.Topic, data, publication.Metadata), cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever a broker throws means that it does not own the message.
            throw new DaprFault("ERR_PUBSUB_PUBLISH_MESSAGE", $"error when publish to topic {publication.Topic} in pubsub {publication.PubSub}: {error.Message}", 500, StatusCode.Internal);
        }
    }

    public static IPubSubBroker Broker(AppRuntime app, string name, out ComponentSpec spec)
    {
        if (app.Find(name) is not { } component || !component.Spec.Type.StartsWith("pubsub.", StringComparison.Ordinal))
        {
            throw new DaprFault("ERR_PUBSUB_NOT_FOUND", $"pubsub {name} is not found", 404, StatusCode.InvalidArgument);
        }

        spec = component.Spec;
        return component.Driver as IPubSubBroker
            ?? throw new DaprFault("ERR_PUBSUB_NOT_CONFIGURED", $"pubsub {name} is not open: {component.Failure}", 400, StatusCode.FailedPrecondition);
    }
}

/// <summary>Which app may publish and subscribe which topic: Dapr's <c>allowedTopics</c>, <c>protectedTopics</c>, <c>publishingScopes</c> and
/// <c>subscriptionScopes</c> (<c>app1=topic1,topic2;app2=</c>).</summary>
internal static class TopicScopes
{
    public static bool MayPublish(ComponentSpec spec, string appId, string topic) => May(spec, "publishingScopes", appId, topic);

    public static bool MaySubscribe(ComponentSpec spec, string appId, string topic) => May(spec, "subscriptionScopes", appId, topic);

    private static bool May(ComponentSpec spec, string scopes, string appId, string topic)
    {
        var allowed = List(spec["allowedTopics"], ',');
        if (allowed.Length > 0 && !allowed.Contains(topic))
        {
            return false;
        }

        var own = List(spec[scopes], ';').FirstOrDefault(s => s.StartsWith(appId + "=", StringComparison.Ordinal));
        return own is null
            ? !List(spec["protectedTopics"], ',').Contains(topic)
            : List(own[(appId.Length + 1)..], ',').Contains(topic);
    }

    private static string[] List(string? text, char separator) =>
        text?.Split(separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
