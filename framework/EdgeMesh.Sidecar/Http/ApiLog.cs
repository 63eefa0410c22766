using EdgeMesh.Sidecar.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Http;

/// <summary>daprd's <c>--enable-api-logging</c>: a line for each call of an app's API. Paths stand as they came, without their queries.</summary>
internal static partial class ApiLog
{
    public static void UseApiLog(this IApplicationBuilder pipeline, TimeProvider clock, ILogger logger) => pipeline.Use((HttpContext context, RequestDelegate next) =>
        context.App().Options.LogsApiCalls ? LogAsync(context, next, clock, logger) : next(context));

    private static async Task LogAsync(HttpContext context, RequestDelegate next, TimeProvider clock, ILogger logger)
    {
        var began = clock.GetTimestamp();
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        await next(context);
        var (path, took) = (question < 0 ? target : target[..question], (long)clock.GetElapsedTime(began).TotalMilliseconds);
        if (GrpcProxy.IsGrpc(context.Request))
        {
            LogGrpc(logger, context.App().AppId, path, took);
        }
        else
        {
            LogHttp(logger, context.App().AppId, context.Request.Method, path, context.Response.StatusCode, took);
        }
    }

    [LoggerMessage(LogLevel.Information, "HTTP API Called: {App} {Method} {Path} code={Code} duration={Duration}ms")]
    private static partial void LogHttp(ILogger logger, string app, string method, string path, int code, long duration);

    [LoggerMessage(LogLevel.Information, "gRPC API Called: {App} {Path} duration={Duration}ms")]
    private static partial void LogGrpc(ILogger logger, string app, string path, long duration);
}
