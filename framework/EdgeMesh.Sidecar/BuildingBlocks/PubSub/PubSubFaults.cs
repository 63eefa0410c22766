using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>daprd's faults of publishing, word for word where clients may look.</summary>
internal static class PubSubFaults
{
    private const string Kind = "pubsub";

    public static DaprFault NotFound(string pubsub) =>
        new("ERR_PUBSUB_NOT_FOUND", $"pubsub {pubsub} is not found", 404, StatusCode.InvalidArgument) { Reason = "DAPR_PUBSUB_NOT_FOUND" };

    public static DaprFault NotOpen(string pubsub, string? failure) =>
        new("ERR_PUBSUB_NOT_CONFIGURED", $"pubsub {pubsub} is not open: {failure}", 400, StatusCode.FailedPrecondition)
        {
            Reason = "DAPR_PUBSUB_NOT_CONFIGURED",
            Resource = (Kind, pubsub),
        };

    public static DaprFault NameEmpty() =>
        new("ERR_PUBSUB_EMPTY", "pubsub name is empty", 404, StatusCode.InvalidArgument) { Reason = "DAPR_PUBSUB_NAME_EMPTY", Resource = (Kind, "") };

    public static DaprFault TopicEmpty(string pubsub) =>
        new("ERR_TOPIC_EMPTY", $"topic is empty in pubsub {pubsub}", 404, StatusCode.InvalidArgument) { Reason = "DAPR_PUBSUB_TOPIC_NAME_EMPTY", Resource = (Kind, pubsub) };

    public static DaprFault Forbidden(string pubsub, string topic, string appId)
    {
        var message = $"topic {topic} is not allowed for app id {appId}";
        return new DaprFault("ERR_PUBSUB_FORBIDDEN", message, 403, StatusCode.PermissionDenied)
        {
            Reason = "DAPR_PUBSUB_FORBIDDEN",
            Resource = (Kind, pubsub),
            Facts = new Dictionary<string, string> { ["topic"] = topic, ["error"] = message },
        };
    }

    public static DaprFault NotBoolean(string pubsub, string value) =>
        new("ERR_PUBSUB_REQUEST_METADATA", $"failed deserializing metadata. Error: {RawPayload.Field} value must be a valid boolean: actual is '{value}'", 400, StatusCode.InvalidArgument)
        {
            Reason = "DAPR_PUBSUB_METADATA_DESERIALIZATION",
            Resource = (Kind, pubsub),
            Facts = new Dictionary<string, string> { [RawPayload.Field] = value },
        };

    public static DaprFault NoCloudEvent(string pubsub, string appId) =>
        new("ERR_PUBSUB_CLOUD_EVENTS_SER", "cannot create cloudevent", 500, StatusCode.InvalidArgument)
        {
            Reason = "DAPR_PUBSUB_CLOUD_EVENT_CREATION",
            Resource = (Kind, pubsub),
            Facts = new Dictionary<string, string> { ["appID"] = appId, ["error"] = $"the body is no JSON object, and its content type is {MediaType.CloudEvent}" },
        };

    public static DaprFault NotPublished(string pubsub, string topic, string error) =>
        new("ERR_PUBSUB_PUBLISH_MESSAGE", $"error when publishing to topic {topic} in pubsub {pubsub}: {error}", 500, StatusCode.Internal)
        {
            Reason = "DAPR_PUBSUB_PUBLISH_MESSAGE",
            Resource = (Kind, pubsub),
            Facts = new Dictionary<string, string> { ["topic"] = topic, ["error"] = error },
        };

    /// <summary>The list of a bulk publish can't be read.</summary>
    public static DaprFault BulkUnreadable(string pubsub, string topic, string appId, string error) =>
        Bulk($"error when unmarshaling the request for topic {topic} pubsub {pubsub}: {error}", "DAPR_PUBSUB_UNMARSHAL_EVENTS", pubsub, appId, error);

    public static DaprFault EntryIds(string pubsub, string topic, string appId)
    {
        const string Error = "entryId is duplicated or not present for entry";
        return Bulk($"error marshaling events to bytes for topic {topic} pubsub {pubsub}. error: {Error}", "DAPR_PUBSUB_MARSHAL_EVENTS", pubsub, appId, Error);
    }

    public static DaprFault EntryContentType(string pubsub, string topic, string appId)
    {
        const string Error = "error: mismatch between contentType and event";
        return Bulk($"error when marshalling cloud event envelope for topic {topic} pubsub {pubsub}: {Error}", "DAPR_PUBSUB_MARSHAL_ENVELOPE", pubsub, appId, Error);
    }

    private static DaprFault Bulk(string message, string reason, string pubsub, string appId, string error) =>
        new("ERR_PUBSUB_EVENTS_SER", message, 400, StatusCode.InvalidArgument)
        {
            Reason = reason,
            Resource = (Kind, pubsub),
            Facts = new Dictionary<string, string> { ["appID"] = appId, ["error"] = error },
        };
}
