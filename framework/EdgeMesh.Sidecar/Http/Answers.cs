using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Sidecar.Http;

/// <summary>What all HTTP routes share: the app that a request is for, bodies, Dapr's error bodies.</summary>
internal static class Answers
{
    public static AppRuntime App(this HttpContext context) => context.Features.GetRequiredFeature<AppRuntime>();

    /// <summary>Runs a route, and answers faults as Dapr does.</summary>
    public static RequestDelegate Route(Func<HttpContext, AppRuntime, Task> route) => async context =>
    {
        try
        {
            await route(context, context.App());
        }
        catch (DaprFault fault) when (!context.Response.HasStarted)
        {
            await FaultAsync(context, fault);
        }
        catch (JsonException error) when (!context.Response.HasStarted)
        {
            await FaultAsync(context, DaprFault.Malformed(error.Message));
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await FaultAsync(context, new DaprFault("ERR_MALFORMED_REQUEST", error.Message, error.StatusCode, global::Grpc.Core.StatusCode.InvalidArgument));
        }
    };

    public static async Task FaultAsync(HttpContext context, DaprFault fault)
    {
        context.Response.StatusCode = fault.HttpStatus;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(JsonSerializer.Serialize(new Dictionary<string, string> { ["errorCode"] = fault.Code, ["message"] = fault.Message }));
    }

    public static void NoContent(HttpContext context) => context.Response.StatusCode = StatusCodes.Status204NoContent;

    public static string Value(this HttpContext context, string name) =>
        ((string?)context.Request.RouteValues[name] ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Per-request metadata: query parameters <c>metadata.x</c>.</summary>
    public static Dictionary<string, string> Metadata(this HttpContext context)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in context.Request.Query)
        {
            if (key.StartsWith("metadata.", StringComparison.OrdinalIgnoreCase))
            {
                metadata[key["metadata.".Length..]] = value.ToString();
            }
        }

        return metadata;
    }

    public static async Task<byte[]> BodyAsync(this HttpContext context)
    {
        using var body = new MemoryStream(context.Request.ContentLength is > 0 and < int.MaxValue and var length ? (int)length : 0);
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.TryGetBuffer(out var whole) && whole.Offset == 0 && whole.Count == whole.Array!.Length ? whole.Array : body.ToArray();
    }
}
