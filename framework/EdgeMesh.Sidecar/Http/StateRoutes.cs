using System.Buffers;
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
    private static readonly string[] Write = ["POST", "PUT"];

    public static void MapState(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/v1.0/state/{store}", Write, Answers.Route(SaveAsync));
        routes.MapMethods("/v1.0/state/{store}/bulk", Write, Answers.Route(BulkGetAsync));
        routes.MapMethods("/v1.0/state/{store}/transaction", Write, Answers.Route(TransactAsync));
        routes.MapMethods("/v1.0-alpha1/state/{store}/query", Write, Answers.Route((context, app) => throw StateBlock.NotQueryable(app, context.Value("store"))));
        routes.MapGet("/v1.0/state/{store}/{key}", Answers.Route(GetAsync));
        routes.MapDelete("/v1.0/state/{store}/{key}", Answers.Route(DeleteAsync));
    }

    private static StateScope Store(HttpContext context, AppRuntime app) => StateBlock.Open(app, context.Value("store"));

    private static TraceContext Trace(HttpContext context) => new(context.Request.Headers.TraceParent, context.Request.Headers.TraceState);

    private static string? Ttl(HttpContext context) => context.Request.Query["metadata." + StateOptions.TtlField];

    private static async Task GetAsync(HttpContext context, AppRuntime app)
    {
        var item = await StateBlock.GetAsync(Store(context, app), context.Value("key"), context.RequestAborted);
        if (item is null)
        {
            Answers.NoContent(context);
            return;
        }

        context.Response.Headers.ETag = item.ETag;
        if (item.ExpiresAt is { } expires)
        {
            context.Response.Headers["metadata.ttlExpireTime"] = StateOptions.Expiry(expires);
        }

        await Answers.WriteJsonAsync(context, item.Value);
    }

    private static async Task SaveAsync(HttpContext context, AppRuntime app)
    {
        var store = Store(context, app);
        using var body = await PooledBody.ReadAsync(context);
        using var json = JsonDocument.Parse(body.AsJson());
        await StateBlock.SaveAsync(store, StateRequests.Writes(json.RootElement, body.Memory, Ttl(context)), context.RequestAborted);
        Answers.NoContent(context);
    }

    private static async Task DeleteAsync(HttpContext context, AppRuntime app)
    {
        var store = Store(context, app);
        var query = context.Request.Query;
        var (firstWrite, fault) = StateOptions.Concurrency(query["concurrency"]);
        var write = new StateWrite(context.Value("key"), null)
        {
            ETag = context.Request.Headers.IfMatch.ToString() is { Length: > 0 } etag ? etag.Trim('"') : null,
            FirstWrite = firstWrite,
            Fault = fault ?? StateOptions.Consistency(query["consistency"]),
        };
        await StateBlock.DeleteAsync(store, write, context.RequestAborted);
        Answers.NoContent(context);
    }

    private static async Task TransactAsync(HttpContext context, AppRuntime app)
    {
        var store = Store(context, app);
        using var body = await PooledBody.ReadAsync(context);
        using var json = JsonDocument.Parse(body.AsJson());
        await StateBlock.TransactAsync(store, StateRequests.Operations(json.RootElement, body.Memory, Ttl(context)), Trace(context), context.RequestAborted);
        Answers.NoContent(context);
    }

    private static async Task BulkGetAsync(HttpContext context, AppRuntime app)
    {
        var store = Store(context, app);
        string[] keys;
        using (var body = await PooledBody.ReadAsync(context))
        {
            using var json = JsonDocument.Parse(body.AsJson());
            keys = StateRequests.Keys(json.RootElement);
        }

        var (items, failure) = await StateBlock.GetManyAsync(store, keys, context.RequestAborted);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            for (var i = 0; i < keys.Length; i++)
            {
                WriteItem(json, keys[i], items[i], failure);
            }

            json.WriteEndArray();
        }

        await Answers.WriteJsonAsync(context, buffer.WrittenMemory);
    }

    private static void WriteItem(Utf8JsonWriter json, string key, StateItem? item, string? failure)
    {
        json.WriteStartObject();
        json.WriteString("key", key);
        if (failure is not null)
        {
            json.WriteString("error", failure);
        }

        if (item is not null)
        {
            WriteValue(json, item.Value.Span);
            json.WriteString("etag", item.ETag);
        }

        if (item?.ExpiresAt is { } expires)
        {
            json.WriteStartObject("metadata");
            json.WriteString("ttlExpireTime", StateOptions.Expiry(expires));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>A value that a gRPC client saved may be no JSON. Then this answer can't hold it, and says so at its key.</summary>
    private static void WriteValue(Utf8JsonWriter json, ReadOnlySpan<byte> value)
    {
        if (IsJson(value))
        {
            json.WritePropertyName("data");
            json.WriteRawValue(value, skipInputValidation: true);
        }
        else
        {
            json.WriteString("error", "the value is not JSON; get it by its own key, or by gRPC");
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> value)
    {
        var reader = new Utf8JsonReader(value);
        try
        {
            if (!reader.Read())
            {
                return false;
            }

            reader.Skip();
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
