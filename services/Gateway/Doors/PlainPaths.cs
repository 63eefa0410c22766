using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Services.Gateway.Doors;

/// <summary>Invocation rewrites paths (<c>a%2Fb</c>, <c>//</c>, <c>..</c>): what the gateway checks and what a service sees would
/// differ. So only paths pass that nothing can rewrite.</summary>
internal static class PlainPaths
{
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~$/");

    /// <summary>The path as it was sent; false when it is not plain.</summary>
    public static bool TryRead(HttpContext context, out string path)
    {
        // Not Request.Path: that is already decoded and tidied.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        path = question < 0 ? target : target[..question];
        return IsPlain(path);
    }

    public static bool IsPlain(ReadOnlySpan<char> path)
    {
        if (path is not ['/', ..] || path.ContainsAnyExcept(Allowed) || path.Contains("//", StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var range in path.Split('/'))
        {
            if (path[range] is "." or "..")
            {
                return false;
            }
        }

        return true;
    }
}
