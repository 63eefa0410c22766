using System.Collections.Frozen;
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

/// <summary>Knows by the port whose API a request came to, and whether that port is for it. By gRPC what an app may not call ends here, uncounted
/// as with daprd; by HTTP in <see cref="ApiDoor"/>.</summary>
internal sealed class PortedApps(IReadOnlyDictionary<string, AppListeners> listeners, AppDirectory apps, ServerServices services)
{
    private static readonly string UnauthorizedDetails = Convert.ToBase64String(FaultDetails.Serialize(
        StatusCode.Unauthenticated, "Unauthorized", [new ErrorInfo { Reason = "Unauthorized", Domain = "dapr.io", Metadata = { ["http.code"] = "401", ["http.error_message"] = "missing api token in request metadata" } }]));

    private FrozenDictionary<int, Port>? _byPort;

    /// <summary>The apps again, by their ids, for calls that come by a socket.</summary>
    private readonly FrozenDictionary<string, Port> _bySocket = apps.All.ToFrozenDictionary(a => a.AppId, a => new Port(0, a, Door.Api));

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Ports are known only once the listeners are bound.
        RequestPath.Collapse(context.Request);
        _byPort ??= listeners.SelectMany(l => Ports(l.Key, l.Value)).DistinctBy(p => p.Number).ToFrozenDictionary(p => p.Number);
        var port = context.Connection.LocalPort is > 0 and var number ? _byPort[number] : _bySocket[context.Features.GetRequiredFeature<ApiSocket>().AppId];
        var app = port.App;
        context.Features.Set(app);
        context.Features.Set<IServiceProvidersFeature>(services);
        if (port.Door != Door.Api)
        {
            return port.Door == Door.Public ? PublicAsync(context, next) : InternalAsync(context, next);
        }

        if (context.Request.Path.StartsWithSegments("/" + InternalMessages.Service))
        {
            return ApiDoor.DenyAsync(context);
        }

        if (GrpcProxy.IsGrpc(context.Request))
        {
            return !app.Configuration.Api.AllowsGrpc(context.Request.Path.Value!) ? ApiDoor.DenyAsync(context) : ApiDoor.HasToken(context, app) ? next(context) : RefuseAsync(context);
        }

        if (!RequestPath.IsEscaped(context.Request))
        {
            return ApiDoor.RefuseLineAsync(context);
        }

        context.Features.Set(ApiDoor.Here);
        return next(context);
    }

    private static Task InternalAsync(HttpContext context, RequestDelegate next)
    {
        context.Features.Set(InternalPort.Here);
        return GrpcProxy.Passes(context.Request) || (GrpcProxy.IsGrpc(context.Request) && IsInternalCall(context.Request)) ? next(context) : ApiDoor.DenyAsync(context);
    }

    /// <summary>By its path alone, and not by one that comes to it: whatever reads the request line must read the same.</summary>
    private static bool IsInternalCall(HttpRequest request) =>
        (request.Path.Value == InternalMessages.CallLocal.FullName || request.Path.Value == InternalMessages.CallLocalStream.FullName) && RequestPath.IsAsWritten(request);

    /// <summary>What a probe may ask that has no token.</summary>
    private static Task PublicAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (ApiDoor.IsOpen(request) || (ApiDoor.Asks(request) && request.Path.Value == "/v1.0/metadata" && context.App().Configuration.Api.AllowsHttp(request.Path.Value)))
        {
            context.Features.Set(PublicPort.Here);
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("404 page not found\n");
    }

    private IEnumerable<Port> Ports(string appId, AppListeners listening)
    {
        var app = apps.Find(appId)!;
        foreach (var api in listening.Http.Concat(listening.Grpc).Where(l => l.IPEndPoint is not null))
        {
            yield return new Port(api.IPEndPoint!.Port, app, Door.Api);
        }

        if (listening.Internal is { } inner)
        {
            yield return new Port(inner.IPEndPoint!.Port, app, Door.Internal);
        }

        if (listening.Public is { } open)
        {
            yield return new Port(open.IPEndPoint!.Port, app, Door.Public);
        }
    }

    private static Task RefuseAsync(HttpContext context)
    {
        GrpcProxy.Refuse(context, StatusCode.Unauthenticated, "Unauthorized");
        context.Response.Headers["grpc-status-details-bin"] = UnauthorizedDetails;
        return Task.CompletedTask;
    }

    private sealed record Port(int Number, AppRuntime App, Door Door);

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
