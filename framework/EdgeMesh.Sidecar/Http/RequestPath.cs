using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Reads request paths as daprd does: doubled slashes count once, and a parameter is decoded like a query's (<c>%2F</c> is a
/// slash, <c>+</c> a blank).</summary>
internal static class RequestPath
{
    /// <summary>The length of <c>%2F</c>.</summary>
    private const int EscapeLength = 3;

    /// <summary>Routing must see <c>//v1.0//state</c> as <c>/v1.0/state</c>.</summary>
    public static void Collapse(HttpRequest request)
    {
        if (request.Path.Value is { } path && path.Contains("//", StringComparison.Ordinal))
        {
            request.Path = new PathString(Collapse(path));
        }
    }

    public static string Collapse(string path)
    {
        var collapsed = new StringBuilder(path.Length);
        foreach (var letter in path)
        {
            if (letter != '/' || collapsed.Length == 0 || collapsed[^1] != '/')
            {
                collapsed.Append(letter);
            }
        }

        return collapsed.ToString();
    }

    /// <summary>Whether every percent sign of the path begins an escape. Kestrel takes one that does not as it stands; daprd takes no such request.</summary>
    public static bool IsEscaped(HttpRequest request)
    {
        var path = Path(request);
        for (int at; (at = path.IndexOf('%')) >= 0; path = path[(at + EscapeLength)..])
        {
            if (at + EscapeLength > path.Length || !char.IsAsciiHexDigit(path[at + 1]) || !char.IsAsciiHexDigit(path[at + 2]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the request line has the path as it stands, but for doubled slashes: no dots led to it, and nothing of it was escaped.</summary>
    public static bool IsAsWritten(HttpRequest request)
    {
        var path = Path(request);
        return path.SequenceEqual(request.Path.Value) || Collapse(path.ToString()) == request.Path.Value;
    }

    /// <summary>As the request line has it, without the query.</summary>
    private static ReadOnlySpan<char> Path(HttpRequest request)
    {
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.AsSpan(0, target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var query ? query : target.Length);
    }

    /// <summary>A route's parameter, decoded. Routing leaves <c>%2F</c> as it came and takes <c>+</c> literally, so a path that has either
    /// is read again from the request line.</summary>
    public static string Value(this HttpContext context, string name)
    {
        var value = (string?)context.Request.RouteValues[name] ?? "";
        if (!value.Contains('%', StringComparison.Ordinal) && !value.Contains('+', StringComparison.Ordinal))
        {
            return value;
        }

        var segments = Segments(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
        var pattern = ((RouteEndpoint)context.GetEndpoint()!).RoutePattern.PathSegments;
        for (var i = 0; i < pattern.Count && i < segments.Count; i++)
        {
            if (pattern[i].Parts[0] is RoutePatternParameterPart part && part.Name == name)
            {
                var raw = part.IsCatchAll ? string.Join('/', segments[i..]) : segments[i];
                return Uri.UnescapeDataString(raw.Replace('+', ' '));
            }
        }

        return value;
    }

    /// <summary>As routing sees them, but not decoded.</summary>
    private static List<string> Segments(string target)
    {
        var segments = new List<string>();
        foreach (var segment in target.Split('?', 2)[0].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (segment.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase))
            {
                case ".":
                    break;
                case "..":
                    segments.RemoveRange(Math.Max(0, segments.Count - 1), Math.Min(1, segments.Count));
                    break;
                default:
                    segments.Add(segment);
                    break;
            }
        }

        return segments;
    }
}
