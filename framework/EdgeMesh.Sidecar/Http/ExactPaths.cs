using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Routing does not tell <c>/v1.0/STATE</c> from <c>/v1.0/state</c>. daprd does, and so do lists of allowed and denied APIs: another
/// spelling is a path that nothing serves.</summary>
internal static class ExactPaths
{
    private static readonly RequestDelegate Unknown = Answers.Route(InvocationRoutes.InvokeUnroutedAsync);

    public static void UseExactPaths(this IApplicationBuilder pipeline) => pipeline.Use((HttpContext context, RequestDelegate next) =>
    {
        if (context.GetEndpoint() is RouteEndpoint endpoint && context.Request.Path.Value is { } path && !IsExact(endpoint.RoutePattern, path))
        {
            context.SetEndpoint(null);
            return Unknown(context);
        }

        return next(context);
    });

    /// <summary>The path has matched: it has the pattern's segments, and parameters may be anything.</summary>
    private static bool IsExact(RoutePattern pattern, ReadOnlySpan<char> path)
    {
        foreach (var segment in pattern.PathSegments)
        {
            path = path.TrimStart('/');
            var end = path.IndexOf('/') is >= 0 and var slash ? slash : path.Length;
            if (segment.Parts[0] is RoutePatternLiteralPart literal && !path[..end].SequenceEqual(literal.Content))
            {
                return false;
            }

            path = path[end..];
        }

        return true;
    }
}
