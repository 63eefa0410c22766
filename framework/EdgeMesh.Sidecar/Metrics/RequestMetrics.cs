using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>Counts requests to the APIs, and how long they took.</summary>
internal static class RequestMetrics
{
    public static void UseRequestMetrics(this IApplicationBuilder pipeline, TimeProvider clock) => pipeline.Use((HttpContext context, RequestDelegate next) =>
        SidecarMetrics.IsIdle ? next(context) : MeasureAsync(context, next, clock));

    private static async Task MeasureAsync(HttpContext context, RequestDelegate next, TimeProvider clock)
    {
        var began = clock.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            var took = clock.GetElapsedTime(began);
            if (GrpcProxy.IsGrpc(context.Request))
            {
                SidecarMetrics.GrpcAnswered(context.App().AppId, context.Request.Path.Value!, Status(context), took);
            }
            else
            {
                SidecarMetrics.HttpAnswered(context.App().AppId, context.Request.Method, context.Request.Path.Value!, context.Response.StatusCode, took);
            }
        }
    }

    private static string Status(HttpContext context) =>
        (context.Response.Headers["grpc-status"].ToString() is { Length: > 0 } early ? early : context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>()?.Trailers["grpc-status"].ToString()) ?? "";
}
