using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary>A Configuration's <c>httpPipeline</c>: middleware components before the HTTP API, in the order in which they are named. gRPC and
/// health do not pass through it.</summary>
internal static class HttpPipeline
{
    private const string HealthPath = "/v1.0/healthz";

    private static readonly Dictionary<string, Func<ComponentResource, TimeProvider, List<string>, Func<RequestDelegate, RequestDelegate>?>> Types = new(StringComparer.Ordinal)
    {
        ["middleware.http.ratelimit"] = RateLimit.Create,
        ["middleware.http.routeralias"] = RouterAlias.Create,
        ["middleware.http.uppercase"] = Uppercase.Create,
    };

    /// <summary>What is named and not there, or can't be used, is a fault.</summary>
    public static IReadOnlyList<Func<RequestDelegate, RequestDelegate>> Read(
        RuntimeConfiguration configuration, IReadOnlyList<ComponentResource> components, TimeProvider clock, List<string> faults)
    {
        foreach (var unknown in components.Where(c => !Types.ContainsKey(c.Type)))
        {
            faults.Add($"{unknown.TypeSource}: component '{unknown.Name}' has type '{unknown.Type}', which the embedded engine does not have. It has: {string.Join(", ", Types.Keys)}.");
        }

        var pipeline = new List<Func<RequestDelegate, RequestDelegate>>();
        foreach (var handler in configuration.HttpPipeline)
        {
            if (components.FirstOrDefault(c => c.Name == handler.Name && c.Type == handler.Type) is not { } component)
            {
                faults.Add($"{handler.Source}: httpPipeline names the component '{handler.Name}' of type '{handler.Type}', which no resource defines.");
            }
            else if (Types.TryGetValue(component.Type, out var create) && create(component, clock, faults) is { } middleware)
            {
                pipeline.Add(middleware);
            }
        }

        return pipeline;
    }

    public static void UseHttpPipeline(this IApplicationBuilder app, IReadOnlyList<Func<RequestDelegate, RequestDelegate>> pipeline)
    {
        foreach (var middleware in pipeline)
        {
            app.Use(next =>
            {
                var through = middleware(next);
                return context => GrpcProxy.IsGrpc(context.Request) || context.Request.Path.StartsWithSegments(HealthPath) ? next(context) : through(context);
            });
        }
    }
}
