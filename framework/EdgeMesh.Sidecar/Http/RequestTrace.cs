using System.Diagnostics;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Sidecars;
using EdgeMesh.Sidecar.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace EdgeMesh.Sidecar.Http;

/// <summary>W3C trace context: where a Configuration asks for tracing, each request is a span below the caller's, or the first of a trace.
/// What the request reaches (an app, a message) continues from there, and the caller reads it in the answer. Names and attributes are daprd's.</summary>
internal static class RequestTrace
{
    private const string Parent = "traceparent";
    private const string State = "tracestate";
    private const string HealthPath = "/v1.0/healthz";

    /// <summary>The API's parts that daprd tells as calls of a store.</summary>
    private static readonly string[] Stores = ["state", "secrets", "bindings"];

    public static void UseRequestTrace(this IApplicationBuilder pipeline, Func<double> random) => pipeline.Use((HttpContext context, RequestDelegate next) =>
        context.App().Tracing is { } tracing && !context.Request.Path.StartsWithSegments(HealthPath) ? TraceAsync(context, next, tracing, random, isServed: true) : next(context));

    /// <summary>A request by HTTP that gets no further than this answer. As with daprd it is a span of its path, of nothing that it asked for.</summary>
    public static Task RefuseAsync(HttpContext context, RequestDelegate answer, Func<double> random) =>
        context.App().Tracing is { } tracing ? TraceAsync(context, answer, tracing, random, isServed: false) : answer(context);

    private static async Task TraceAsync(HttpContext context, RequestDelegate next, AppTracing tracing, Func<double> random, bool isServed)
    {
        var headers = context.Request.Headers;
        var isGrpc = GrpcProxy.IsGrpc(context.Request);
        var isInternal = context.Features.Get<InternalPort>() is not null;
        var parent = headers[Parent].ToString() is { Length: > 0 } text ? text : isGrpc ? BinaryTrace.Read(headers[BinaryTrace.Header].ToString()) : null;
        using var span = tracing.Start(context.Request.Path.Value!, isInternal ? ActivityKind.Server : ActivityKind.Client, parent, headers[State], random());
        headers[Parent] = span.Parent;
        Describe(span, context, isGrpc, isServed);
        var answered = isGrpc ? (BinaryTrace.Header, span.Binary) : (Parent, span.Parent);
        context.Response.OnStarting(static state =>
        {
            var (response, (name, value)) = ((HttpResponse, (string, string)))state;
            response.Headers.TryAdd(name, value);
            return Task.CompletedTask;
        }, (context.Response, answered));
        await next(context);
        Conclude(span, context, isGrpc);
    }

    private static void Describe(Span span, HttpContext context, bool isGrpc, bool isServed)
    {
        var (request, path) = (context.Request, context.Request.Path.Value!);
        if (isGrpc)
        {
            span.Tag("dapr.api", path);
            span.Tag("dapr.protocol", "grpc");
            return;
        }

        var api = $"{request.Method} {path}";
        span.Tag("dapr.api", api);
        span.Tag("dapr.protocol", "http");
        span.Tag("http.request.method", request.Method);
        span.Tag("url.full", path + request.QueryString);
        span.Tag("server.address", context.Connection.RemoteIpAddress?.ToString() ?? "");
        span.Tag("server.port", $"{context.Connection.RemotePort}");
        if (isServed)
        {
            DescribeTarget(span, path, api);
        }
    }

    private static void DescribeTarget(Span span, string path, string api)
    {
        var parts = path.Split('/', 5);
        if (parts.Length > 3 && Stores.Contains(parts[2], StringComparer.Ordinal))
        {
            DescribeStore(span, parts[2], parts[3], api);
        }
        else if (parts is [_, _, "actors", var type, var rest] && rest.Split('/', 3) is [var id, "state", ..])
        {
            span.Tag("dapr.actor", $"{type}.{id}");
            DescribeStore(span, "state", "actor", api);
        }
        else if (parts.Length > 3 && parts[2] == "publish")
        {
            span.Tag("messaging.system", "pubsub");
        }
    }

    private static void DescribeStore(Span span, string block, string name, string api)
    {
        span.Tag("db.system", block);
        span.Tag("db.name", name);
        span.Tag("db.connection_string", block);
        span.Tag("db.statement", api);
    }

    private static void Conclude(Span span, HttpContext context, bool isGrpc)
    {
        var status = context.Response.StatusCode;
        if (!isGrpc)
        {
            span.Tag("dapr.status_code", $"{status}");
            if (status >= StatusCodes.Status400BadRequest)
            {
                span.Fail($"Code({status}): {ReasonPhrases.GetReasonPhrase(status)}");
            }

            return;
        }

        var trailers = context.Features.Get<IHttpResponseTrailersFeature>()?.Trailers;
        if (Ended(trailers, context.Response.Headers, "grpc-status") is not ("" or "0"))
        {
            span.Fail(Uri.UnescapeDataString(Ended(trailers, context.Response.Headers, "grpc-message")));
        }
    }

    /// <summary>A call that fails at once tells it in its head.</summary>
    private static string Ended(IHeaderDictionary? trailers, IHeaderDictionary headers, string name) =>
        trailers?[name].ToString() is { Length: > 0 } value ? value : headers[name].ToString();
}
