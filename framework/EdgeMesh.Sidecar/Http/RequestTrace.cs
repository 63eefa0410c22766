using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http;

/// <summary>W3C trace context: where a Configuration asks for tracing, each request is a span below the caller's, or the first of a trace.
/// What the request reaches (an app, a message) continues from there, and the caller reads it in the answer's <c>traceparent</c>.</summary>
internal static class RequestTrace
{
    private const string Parent = "traceparent";
    private const string State = "tracestate";
    private const string HealthPath = "/v1.0/healthz";

    /// <summary>Spans go to whoever listens in the process; their ids are made here in any case.</summary>
    private static readonly ActivitySource Source = new("EdgeMesh.Sidecar");

    public static void UseRequestTrace(this IApplicationBuilder pipeline, Func<double> random) => pipeline.Use((HttpContext context, RequestDelegate next) =>
        context.App().Configuration.SamplingRate is { } rate && !context.Request.Path.StartsWithSegments(HealthPath) ? TraceAsync(context, next, rate, random) : next(context));

    private static async Task TraceAsync(HttpContext context, RequestDelegate next, double rate, Func<double> random)
    {
        var headers = context.Request.Headers;
        var isChild = ActivityContext.TryParse(headers[Parent], headers[State], out var parent);
        var trace = isChild ? parent.TraceId : ActivityTraceId.CreateRandom();
        var flags = isChild ? parent.TraceFlags : random() < rate ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None;
        using var activity = Source.StartActivity(
            context.Request.Path.Value!, ActivityKind.Server, isChild ? parent : new ActivityContext(trace, default, flags), [new("app_id", context.App().AppId), new("method", context.Request.Method)]);
        var span = activity is { IdFormat: ActivityIdFormat.W3C } ? activity.Id! : $"00-{(activity?.TraceId ?? trace).ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-{(byte)flags:x2}";
        headers[Parent] = span;
        context.Response.OnStarting(static state =>
        {
            var (response, id) = ((HttpResponse, string))state;
            response.Headers.TryAdd(Parent, id);
            return Task.CompletedTask;
        }, (context.Response, span));
        await next(context);
        activity?.SetTag("status", context.Response.StatusCode);
    }
}
