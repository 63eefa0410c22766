using System.Buffers;
using System.Globalization;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/state</c>.</summary>
internal static class StateRoutes
{
    public static void MapState(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/v1.0/state/{store}", ["POST", "PUT"], Answers.Route(SaveAsync));
        routes.MapMethods("/v1.0/state/{store}/bulk", ["POST", "PUT"], Answers.Route(BulkGetAsync));
        routes.MapMethods("/v1.0/state/{store}/transaction", ["POST", "PUT"], Answers.Route(TransactAsync));
        routes.MapGet("/v1.0/state/{store}/{**key}", Answers.Route(GetAsync));
        routes.MapDelete("/v1.0/state/{store}/{**key}", Answers.Route(DeleteAsync));
    }

    private static async Task GetAsync(HttpContext context, AppRuntime app)
    {
        var item = await StateBlock.GetAsync(app, context.Value("store"), context.Value("key"), context.RequestAborted);
        if (item is null)
        {
            Answers.NoContent(context);
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.Headers.ETag = item.ETag;
        if (item.ExpiresAt is { } expires)
        {
            context.Response.Headers["metadata.ttlExpireTime"] = Expiry(expires);
        }

        context.Response.ContentLength = item.Value.Length;
        await context.Response.Body.WriteAsync(item.Value, context.RequestAborted);
    }

    private static async Task SaveAsync(HttpContext context, AppRuntime app)
    {
        using var body = JsonDocument.Parse(await context.BodyAsync());
        await StateBlock.WriteAsync(app, context.Value("store"), [.. body.RootElement.EnumerateArray().Select(ReadWrite)], context.RequestAborted);
        Answers.NoContent(context);
    }

    private static async Task DeleteAsync(HttpContext context, AppRuntime app)
    {
        var write = new StateWrite(context.Value("key"), null)
        {
            ETag = context.Request.Headers.IfMatch.ToString() is { Length: > 0 } etag ? etag.Trim('"') : null,
            FirstWrite = context.Request.Query["concurrency"] == "first-write",
        };
        await StateBlock.WriteAsync(app, context.Value("store"), [write], context.RequestAborted);
        Answers.NoContent(context);
    }

    private static async Task BulkGetAsync(HttpContext context, AppRuntime app)
    {
        using var body = JsonDocument.Parse(await context.BodyAsync());
        string[] keys = [.. body.RootElement.GetProperty("keys").EnumerateArray().Select(k => k.GetString() ?? "")];
        var items = await StateBlock.GetManyAsync(app, context.Value("store"), keys, context.RequestAborted);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            for (var i = 0; i < keys.Length; i++)
            {
                json.WriteStartObject();
                json.WriteString("key", keys[i]);
                if (items[i] is { } item)
                {
                    json.WritePropertyName("data");
                    json.WriteRawValue(item.Value.Span);
                    json.WriteString("etag", item.ETag);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }

    private static async Task TransactAsync(HttpContext context, AppRuntime app)
    {
        using var body = JsonDocument.Parse(await context.BodyAsync());
        var writes = body.RootElement.GetProperty("operations").EnumerateArray().Select(ReadOperation).ToArray();
        await StateBlock.TransactAsync(app, context.Value("store"), writes, context.RequestAborted);
        Answers.NoContent(context);
    }

    private static StateWrite ReadOperation(JsonElement operation)
    {
        var request = operation.GetProperty("request");
        return operation.GetProperty("operation").GetString() switch
        {
            "upsert" => ReadWrite(request),
            "delete" => ReadWrite(request) with { Value = null },
            var other => throw new DaprFault("ERR_NOT_SUPPORTED_STATE_OPERATION", $"operation type {other} not supported", 400, global::Grpc.Core.StatusCode.InvalidArgument),
        };
    }

    private static StateWrite ReadWrite(JsonElement item)
    {
        var value = item.TryGetProperty("value", out var given) ? given.GetRawText() : "null";
        return new StateWrite(item.GetProperty("key").GetString() ?? "", System.Text.Encoding.UTF8.GetBytes(value))
        {
            Json = true,
            ETag = item.TryGetProperty("etag", out var etag) && etag.ValueKind == JsonValueKind.String ? etag.GetString() : null,
            FirstWrite = item.TryGetProperty("options", out var options) && options.TryGetProperty("concurrency", out var concurrency) && concurrency.GetString() == "first-write",
            TtlSeconds = item.TryGetProperty("metadata", out var metadata) && metadata.TryGetProperty("ttlInSeconds", out var ttl) ? ReadTtl(ttl.ToString()) : null,
        };
    }

    public static int ReadTtl(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : throw new DaprFault("ERR_STATE_SAVE", $"incorrect value for metadata 'ttlInSeconds': '{text}'", 500, global::Grpc.Core.StatusCode.Internal);

    public static string Expiry(DateTimeOffset moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
