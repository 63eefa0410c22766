using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Grpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ErrorInfo = Google.Rpc.ErrorInfo;

namespace EdgeMesh.Sidecar.Http;

/// <summary>On a request: it came by HTTP to the port of an app's API. As with daprd a browser may ask who may call; a call needs the app's token first,
/// then what middleware components ask, and then an API that is there; and what is refused is counted. gRPC has the lists first, and counts nothing of
/// what it refuses.</summary>
internal sealed class ApiDoor
{
    public static readonly ApiDoor Here = new();

    private static readonly string NotServedDetails = Convert.ToBase64String(FaultDetails.Serialize(
        StatusCode.Unimplemented, "Not Implemented", [new ErrorInfo { Reason = "Not Implemented", Domain = "dapr.io", Metadata = { ["http.code"] = "501", ["http.error_message"] = "requested endpoint is not available" } }]));

    /// <summary>An API that is not to be there is answered as one that is not there.</summary>
    public static Task DenyAsync(HttpContext context)
    {
        if (!GrpcProxy.IsGrpc(context.Request))
        {
            return RequestTrace.RefuseAsync(context, static refused => Answers.FaultAsync(refused, DaprFault.NoRoute()), Random.Shared.NextDouble);
        }

        GrpcProxy.Refuse(context, StatusCode.Unimplemented, "Not Implemented");
        context.Response.Headers["grpc-status-details-bin"] = NotServedDetails;
        return Task.CompletedTask;
    }

    /// <summary>As Go answers a request line that it can't read: without a look at anything else.</summary>
    public static Task RefuseLineAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.Connection = "close";
        return context.Response.WriteAsync("400 Bad Request");
    }

    /// <summary>Whether it carries the app's token, or needs none.</summary>
    public static bool HasToken(HttpContext context, AppRuntime app) =>
        app.ApiToken is not { } token || CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(context.Request.Headers["dapr-api-token"].ToString()), token);

    /// <summary>Whoever asks for health needs no token: by that path alone, and not by one that comes to it, which an invocation may.</summary>
    public static bool IsOpen(HttpRequest request) => request.Path.Value is "/v1.0/healthz" or "/v1.0/healthz/" or "/v1.0/healthz/outbound" or "/v1.0/healthz/outbound/" && Asks(request);

    /// <summary>Whether it asks by HTTP for its path as it stands.</summary>
    public static bool Asks(HttpRequest request) => HttpMethods.IsGet(request.Method) && !GrpcProxy.IsGrpc(request) && RequestPath.IsAsWritten(request);
}

internal static class ApiDoorExtensions
{
    /// <param name="pipeline">What follows.</param>
    /// <param name="cors">Null: no page may call.</param>
    public static void UseCors(this IApplicationBuilder pipeline, Cors? cors)
    {
        if (cors is not null)
        {
            pipeline.Use((HttpContext context, RequestDelegate next) => context.Features.Get<ApiDoor>() is not null && cors.Answers(context) ? Task.CompletedTask : next(context));
        }
    }

    public static void UseApiToken(this IApplicationBuilder pipeline) => pipeline.Use((HttpContext context, RequestDelegate next) =>
        context.Features.Get<ApiDoor>() is null || ApiDoor.HasToken(context, context.App()) || ApiDoor.IsOpen(context.Request) ? next(context) : RefuseAsync(context));

    public static void UseApiLists(this IApplicationBuilder pipeline) => pipeline.Use((HttpContext context, RequestDelegate next) =>
        context.Features.Get<ApiDoor>() is null || context.App().Configuration.Api.AllowsHttp(context.Request.Path.Value!) ? next(context) : ApiDoor.DenyAsync(context));

    private static Task RefuseAsync(HttpContext context) => RequestTrace.RefuseAsync(context, static refused =>
    {
        refused.Response.StatusCode = StatusCodes.Status401Unauthorized;
        refused.Response.ContentType = "text/plain; charset=utf-8";
        return refused.Response.WriteAsync("invalid api token");
    }, Random.Shared.NextDouble);
}
