using System.Collections.Frozen;
using Grpc.AspNetCore.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Calls by gRPC find their method by its whole path: routing, which looks at paths piece by piece, costs as much as a read of state.
/// What is not found goes on to it, and is answered there.</summary>
internal static class MethodLookup
{
    public static void UseMethodLookup(this WebApplication web)
    {
        // The methods are all there once the server runs.
        var methods = new Lazy<FrozenDictionary<string, RouteEndpoint>>(() => ((IEndpointRouteBuilder)web).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<GrpcMethodMetadata>() is not null)
            .ToFrozenDictionary(e => e.RoutePattern.RawText!, StringComparer.Ordinal));
        web.Use((HttpContext context, RequestDelegate next) =>
            GrpcProxy.IsGrpc(context.Request) && HttpMethods.IsPost(context.Request.Method) && methods.Value.TryGetValue(context.Request.Path.Value!, out var method)
                ? CallAsync(context, method)
                : next(context));
    }

    /// <summary>As routing leaves it: the web server's spans and measurements are named by the endpoint.</summary>
    private static Task CallAsync(HttpContext context, RouteEndpoint method)
    {
        context.SetEndpoint(method);
        return method.RequestDelegate!(context);
    }
}
