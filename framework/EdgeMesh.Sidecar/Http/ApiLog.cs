using EdgeMesh.Sidecar.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Http;

/// <summary>daprd's <c>--enable-api-logging</c>, and <c>logging.apiLogging</c> of a Configuration: a line for each call of an app's API that no
/// middleware refuses. Paths stand as they came, or as an alias has them, without their queries.</summary>
internal static partial class ApiLog
{
    private const string Health = "/v1.0/healthz";
    private const string Invocations = "/v1.0/invoke";

    public static void UseApiLog(this IApplicationBuilder pipeline, TimeProvider clock, ILogger logger) => pipeline.Use((HttpContext context, RequestDelegate next) =>
    {
        var (app, setting) = (context.App(), context.App().Configuration.ApiLogging);
        return (app.Options.LogsApiCalls || setting.IsEnabled) && !(setting.OmitsHealth && context.Request.Path.StartsWithSegments(Health, StringComparison.Ordinal))
            ? LogAsync(context, next, setting.HidesValues, clock, logger)
            : next(context);
    });

    private static async Task LogAsync(HttpContext context, RequestDelegate next, bool hidesValues, TimeProvider clock, ILogger logger)
    {
        var began = clock.GetTimestamp();
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        await next(context);
        var took = (long)clock.GetElapsedTime(began).TotalMilliseconds;
        if (GrpcProxy.IsGrpc(context.Request))
        {
            LogGrpc(logger, context.App().AppId, WithoutQuery(target), took);
        }
        else
        {
            LogHttp(logger, context.App().AppId, context.Request.Method, hidesValues ? Route(context) : WithoutQuery(target), context.Response.StatusCode, took);
        }
    }

    private static string WithoutQuery(string target) => target.IndexOf('?', StringComparison.Ordinal) is var question and >= 0 ? target[..question] : target;

    /// <summary>Invocations are not routed; nor is what was refused before.</summary>
    private static string Route(HttpContext context) =>
        (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? (context.Request.Path.StartsWithSegments(Invocations, StringComparison.Ordinal) ? Invocations + "/{id}/method/{**path}" : "(unknown)");

    [LoggerMessage(LogLevel.Information, "HTTP API Called: {App} {Method} {Path} code={Code} duration={Duration}ms")]
    private static partial void LogHttp(ILogger logger, string app, string method, string path, int code, long duration);

    [LoggerMessage(LogLevel.Information, "gRPC API Called: {App} {Path} duration={Duration}ms")]
    private static partial void LogGrpc(ILogger logger, string app, string path, long duration);
}
