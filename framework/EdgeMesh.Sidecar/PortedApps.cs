using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Http;
using EdgeMesh.Sidecar.Resources;
using EdgeMesh.Sidecar.Sidecars;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using ErrorInfo = Google.Rpc.ErrorInfo;

namespace EdgeMesh.Sidecar;

/// <summary>Knows by the port whose API a request came to, and checks that app's API token.</summary>
internal sealed class PortedApps(IReadOnlyDictionary<string, AppListeners> listeners, AppDirectory apps, Cors? cors, ServerServices services)
{
    private static readonly string UnauthorizedDetails = Convert.ToBase64String(FaultDetails.Serialize(
        StatusCode.Unauthenticated, "Unauthorized", [new ErrorInfo { Reason = "Unauthorized", Domain = "dapr.io", Metadata = { ["http.code"] = "401", ["http.error_message"] = "missing api token in request metadata" } }]));

    private static readonly string NotServedDetails = Convert.ToBase64String(FaultDetails.Serialize(
        StatusCode.Unimplemented, "Not Implemented", [new ErrorInfo { Reason = "Not Implemented", Domain = "dapr.io", Metadata = { ["http.code"] = "501", ["http.error_message"] = "requested endpoint is not available" } }]));

    private FrozenDictionary<int, Port>? _byPort;

    /// <summary>The apps again, by their ids, for calls that come by a socket.</summary>
    private readonly FrozenDictionary<string, Port> _bySocket = apps.All.ToFrozenDictionary(a => a.AppId, a => new Port(0, a, Token(a), Door.Api));

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Ports are known only once the listeners are bound.
        RequestPath.Collapse(context.Request);
        _byPort ??= listeners.SelectMany(l => Ports(l.Key, l.Value)).DistinctBy(p => p.Number).ToFrozenDictionary(p => p.Number);
        var port = context.Connection.LocalPort is > 0 and var number ? _byPort[number] : _bySocket[context.Features.GetRequiredFeature<ApiSocket>().AppId];
        var (app, token) = (port.App, port.Token);
        context.Features.Set(app);
        context.Features.Set<IServiceProvidersFeature>(services);
        if (port.Door != Door.Api)
        {
            return port.Door == Door.Public ? PublicAsync(context, next) : InternalAsync(context, next);
        }

        if (cors is not null && !IsGrpc(context) && cors.Answers(context))
        {
            return Task.CompletedTask;
        }

        if (context.Request.Path.StartsWithSegments("/" + InternalMessages.Service))
        {
            return DenyAsync(context);
        }

        if (token is not null && !IsOpen(context.Request) && !Carries(context, token))
        {
            return RefuseAsync(context);
        }

        return app.Configuration.Api.IsEverything || IsServed(context, app.Configuration.Api) ? next(context) : DenyAsync(context);
    }

    private static Task InternalAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Set(InternalPort.Here);
        return IsGrpc(context) && (GrpcProxy.Passes(context.Request) || IsInternalCall(context.Request)) ? next(context) : DenyAsync(context);
    }

    /// <summary>By its path alone, and not by one that comes to it: whatever reads the request line must read the same.</summary>
    private static bool IsInternalCall(HttpRequest request) =>
        (request.Path.Value == InternalMessages.CallLocal.FullName || request.Path.Value == InternalMessages.CallLocalStream.FullName) && RequestPath.IsAsWritten(request);

    /// <summary>What a probe may ask that has no token.</summary>
    private static Task PublicAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (IsOpen(request) || (Asks(request) && request.Path.Value == "/v1.0/metadata" && context.App().Configuration.Api.AllowsHttp(request.Path.Value)))
        {
            context.Features.Set(PublicPort.Here);
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("404 page not found\n");
    }

    private static bool IsGrpc(HttpContext context) => GrpcProxy.IsGrpc(context.Request);

    private static bool IsServed(HttpContext context, ApiAccess api) =>
        IsGrpc(context) ? api.AllowsGrpc(context.Request.Path.Value!) : api.AllowsHttp(context.Request.Path.Value!);

    /// <summary>An API that is not to be there is answered as one that is not there.</summary>
    private static Task DenyAsync(HttpContext context)
    {
        if (!IsGrpc(context))
        {
            return RequestTrace.RefuseAsync(context, static refused => Answers.FaultAsync(refused, DaprFault.NoRoute()), Random.Shared.NextDouble);
        }

        GrpcProxy.Refuse(context, StatusCode.Unimplemented, "Not Implemented");
        context.Response.Headers["grpc-status-details-bin"] = NotServedDetails;
        return Task.CompletedTask;
    }

    private IEnumerable<Port> Ports(string appId, AppListeners listening)
    {
        var app = apps.Find(appId)!;
        var token = Token(app);
        foreach (var api in listening.Http.Concat(listening.Grpc).Where(l => l.IPEndPoint is not null))
        {
            yield return new Port(api.IPEndPoint!.Port, app, token, Door.Api);
        }

        if (listening.Internal is { } inner)
        {
            yield return new Port(inner.IPEndPoint!.Port, app, null, Door.Internal);
        }

        if (listening.Public is { } open)
        {
            yield return new Port(open.IPEndPoint!.Port, app, null, Door.Public);
        }
    }

    private static byte[]? Token(AppRuntime app) => app.Options.ApiToken is { Length: > 0 } text ? Encoding.UTF8.GetBytes(text) : null;

    /// <summary>Whoever asks for health needs no token: by that path alone, and not by one that comes to it, which an invocation may.</summary>
    private static bool IsOpen(HttpRequest request) => request.Path.Value is "/v1.0/healthz" or "/v1.0/healthz/" or "/v1.0/healthz/outbound" or "/v1.0/healthz/outbound/" && Asks(request);

    private static bool Asks(HttpRequest request) => HttpMethods.IsGet(request.Method) && !GrpcProxy.IsGrpc(request) && RequestPath.IsAsWritten(request);

    private static bool Carries(HttpContext context, byte[] token) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(context.Request.Headers["dapr-api-token"].ToString()), token);

    private static Task RefuseAsync(HttpContext context)
    {
        if (IsGrpc(context))
        {
            GrpcProxy.Refuse(context, StatusCode.Unauthenticated, "Unauthorized");
            context.Response.Headers["grpc-status-details-bin"] = UnauthorizedDetails;
            return Task.CompletedTask;
        }

        return RequestTrace.RefuseAsync(context, static refused =>
        {
            refused.Response.StatusCode = StatusCodes.Status401Unauthorized;
            refused.Response.ContentType = "text/plain; charset=utf-8";
            return refused.Response.WriteAsync("invalid api token");
        }, Random.Shared.NextDouble);
    }

    private sealed record Port(int Number, AppRuntime App, byte[]? Token, Door Door);

    private enum Door
    {
        /// <summary>The app's own.</summary>
        Api,

        /// <summary>For other sidecars.</summary>
        Internal,

        /// <summary>For probes.</summary>
        Public,
    }
}

/// <summary>On a request: it came by the port for probes.</summary>
internal sealed class PublicPort
{
    public static readonly PublicPort Here = new();
}

/// <summary>On a request: it came by the port for other sidecars.</summary>
internal sealed class InternalPort
{
    public static readonly InternalPort Here = new();
}
