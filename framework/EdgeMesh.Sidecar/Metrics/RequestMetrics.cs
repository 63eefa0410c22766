using System.Globalization;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Http;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

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
                SidecarMetrics.HttpAnswered(context.App().AppId, context.App().Configuration.Metrics, context.Request.Method, context.Request.Path.Value!, context.Response.StatusCode, took);
            }
        }
    }

    private static StatusCode? Status(HttpContext context)
    {
        var text = context.Response.Headers["grpc-status"].ToString();
        text = text.Length > 0 ? text : context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers["grpc-status"].ToString();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? (StatusCode)status : null;
    }
}
