using System.Buffers;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/publish</c>.</summary>
internal static class PubSubRoutes
{
    private static readonly string[] Write = ["POST", "PUT"];

    public static void MapPubSub(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/v1.0/publish/{pubsub}/{**topic}", Write, Answers.Route(PublishAsync));
        foreach (var version in new[] { "v1.0", "v1.0-alpha1" })
        {
            routes.MapMethods($"/{version}/publish/bulk/{{pubsub}}/{{**topic}}", Write, Answers.Route(PublishManyAsync));
        }
    }

    private static async Task PublishAsync(HttpContext context, AppRuntime app)
    {
        var target = Target(context, app);
        using var body = await BodyAsync(context, target);
        await PubSubBlock.PublishAsync(
            target,
            new Publication(target.Spec.Name, target.Topic, body.Memory, context.Request.ContentType ?? "", context.Metadata())
            {
                TraceParent = context.Request.Headers.TraceParent,
                TraceState = context.Request.Headers.TraceState,
            },
            context.RequestAborted);
        Answers.NoContent(context);
    }

    private static async Task PublishManyAsync(HttpContext context, AppRuntime app)
    {
        var target = Target(context, app);
        var metadata = context.Metadata();
        var isRaw = PubSubBlock.IsRaw(target, metadata);
        var reader = new BulkEntries(target, metadata, context.Request.Headers.TraceParent, context.Request.Headers.TraceState);
        using var body = await BodyAsync(context, target);
        var failed = await PubSubBlock.PublishManyAsync(target, isRaw, Entries(reader, body), context.RequestAborted);
        if (failed.Count == 0)
        {
            Answers.NoContent(context);
            return;
        }

        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        await Answers.WriteJsonAsync(context, Describe(failed));
    }

    /// <summary>As daprd has it, a path without a topic is no route.</summary>
    private static PubSubTarget Target(HttpContext context, AppRuntime app) =>
        context.Value("topic") is { Length: > 0 } topic ? PubSubBlock.Target(app, context.Value("pubsub"), topic) : throw DaprFault.NoRoute();

    private static async Task<PooledBody> BodyAsync(HttpContext context, PubSubTarget target)
    {
        try
        {
            return await PooledBody.ReadAsync(context);
        }
        catch (BodyTooLargeException error)
        {
            context.Response.Headers.Connection = "close";
            throw PubSubFaults.NotPublished(target.Spec.Name, target.Topic, error.Message);
        }
    }

    private static IReadOnlyList<BulkEntry> Entries(BulkEntries reader, PooledBody body)
    {
        try
        {
            using var json = JsonDocument.Parse(body.AsJson());
            return reader.Read(json.RootElement);
        }
        catch (JsonException error)
        {
            throw reader.Unreadable(error.Message);
        }
    }

    private static ReadOnlyMemory<byte> Describe(IReadOnlyList<(string EntryId, string Error)> failed)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(body, Answers.Readable);
        json.WriteStartObject();
        json.WriteStartArray("failedEntries");
        foreach (var (id, error) in failed)
        {
            json.WriteStartObject();
            json.WriteString("entryId", id);
            json.WriteString("error", error);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("errorCode", "ERR_PUBSUB_PUBLISH_MESSAGE");
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }
}
