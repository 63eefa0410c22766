using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary>A Configuration's <c>httpPipeline</c> and <c>appHttpPipeline</c>: middleware components in the order in which they are named. As with
/// daprd health passes through it too, and gRPC does not.</summary>
internal sealed class HttpPipeline(IReadOnlyList<ComponentResource> components, SidecarOptions options, List<string> faults) : IDisposable
{
    private readonly Dictionary<string, IHttpMiddleware?> _opened = new(StringComparer.Ordinal);

    private static readonly Dictionary<string, Func<ComponentResource, TimeProvider, List<string>, IHttpMiddleware?>> Types = new(StringComparer.Ordinal)
    {
        ["middleware.http.bearer"] = Bearer.Create,
        ["middleware.http.ratelimit"] = RateLimit.Create,
        ["middleware.http.routeralias"] = RouterAlias.Create,
        ["middleware.http.uppercase"] = (_, _, _) => new Uppercase(),
    };

    /// <summary>Before the HTTP API.</summary>
    public IReadOnlyList<IHttpMiddleware> Api { get; private set; } = [];

    /// <summary>Before the apps.</summary>
    public IReadOnlyList<IHttpMiddleware> App { get; private set; } = [];

    /// <summary>What is named and not there, or can't be used, is a fault.</summary>
    public static async Task<HttpPipeline> OpenAsync(
        RuntimeConfiguration configuration, IReadOnlyList<ComponentResource> components, SidecarOptions options, List<string> faults, CancellationToken cancellation)
    {
        foreach (var unknown in components.Where(c => !Types.ContainsKey(c.Type)))
        {
            faults.Add($"{unknown.TypeSource}: component '{unknown.Name}' has type '{unknown.Type}', which the embedded engine does not have. It has: {string.Join(", ", Types.Keys)}.");
        }

        var pipeline = new HttpPipeline(components, options, faults);
        pipeline.Api = await pipeline.OpenAsync("httpPipeline", configuration.HttpPipeline, cancellation);
        pipeline.App = await pipeline.OpenAsync("appHttpPipeline", configuration.AppHttpPipeline, cancellation);
        return pipeline;
    }

    private async Task<IReadOnlyList<IHttpMiddleware>> OpenAsync(string section, IReadOnlyList<PipelineHandler> handlers, CancellationToken cancellation)
    {
        var opened = new List<IHttpMiddleware>();
        foreach (var handler in handlers)
        {
            if (components.FirstOrDefault(c => c.Name == handler.Name && c.Type == handler.Type) is not { } component)
            {
                faults.Add($"{handler.Source}: {section} names the component '{handler.Name}' of type '{handler.Type}', which no resource defines.");
            }
            else if (await OpenAsync(component, cancellation) is { } middleware)
            {
                opened.Add(middleware);
            }
        }

        return opened;
    }

    /// <summary>A component that is named twice is one.</summary>
    private async Task<IHttpMiddleware?> OpenAsync(ComponentResource component, CancellationToken cancellation)
    {
        if (_opened.TryGetValue(component.Name, out var known) || !Types.TryGetValue(component.Type, out var create))
        {
            return known;
        }

        var middleware = _opened[component.Name] = create(component, options.Clock, faults);
        if (middleware is Bearer bearer && options.ExitOnFailedComponent && await bearer.TryFetchAsync(cancellation) is { } failure)
        {
            faults.Add($"{component.Source}: component '{component.Name}' ({component.Type}) can't be opened: {failure}");
        }

        return middleware;
    }

    public void Dispose()
    {
        foreach (var middleware in _opened.Values.OfType<IDisposable>())
        {
            middleware.Dispose();
        }
    }
}

internal static class HttpPipelineExtensions
{
    public static void UseHttpPipeline(this IApplicationBuilder app, IReadOnlyList<IHttpMiddleware> pipeline)
    {
        foreach (var middleware in pipeline)
        {
            app.Use((HttpContext context, RequestDelegate next) =>
                GrpcProxy.IsGrpc(context.Request) || context.Features.Get<PublicPort>() is not null ? next(context) : middleware.InvokeAsync(context, next));
        }
    }
}
