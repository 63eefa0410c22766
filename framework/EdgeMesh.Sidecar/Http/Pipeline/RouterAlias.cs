using System.Text.Json;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary><c>middleware.http.routeralias</c>: paths that stand for others, as <c>routes</c> maps them. A segment <c>{name}</c> stands for any,
/// which the other path gets as the query's <c>name</c>. Before the API a path stands for an invocation and for nothing else, as with daprd: the
/// request is routed, and looked up in lists of APIs, by the path that it came with. So no alias leads around a list or a token.</summary>
internal sealed class RouterAlias : IHttpMiddleware
{
    private const string Field = "routes";

    /// <summary>On a request to an app: it has passed. One that is sent again is not mapped twice.</summary>
    private static readonly HttpRequestOptionsKey<bool> Passed = new("edgemesh-routeralias");

    private readonly Dictionary<string, string> _plain;

    /// <summary>In the order of the field; the first that fits counts.</summary>
    private readonly List<(string[] Segments, string Target)> _patterns;

    private RouterAlias(IReadOnlyList<KeyValuePair<string, string>> routes)
    {
        _plain = routes.Where(r => !r.Key.Contains('{', StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        _patterns = [.. routes.Where(r => !_plain.ContainsKey(r.Key)).Select(r => (r.Key.Split('/'), r.Value))];
    }

    public static RouterAlias? Create(ComponentResource component, TimeProvider clock, List<string> faults)
    {
        foreach (var item in component.Metadata.Where(m => m.Name != Field))
        {
            faults.Add($"{item.Source}: {component.Type} knows '{Field}', and not '{item.Name}'.");
        }

        return component.Metadata.Where(m => m.Name == Field).Select(m => Routes(m, faults)).FirstOrDefault() is { } routes ? new RouterAlias(routes) : null;
    }

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (Find(context.Request.Path.Value!, context.Request.QueryString.Value!) is var (path, query))
        {
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = new PathString(path).ToUriComponent() + query;
            context.Features.Set(AliasedPath.Here);
        }

        return next(context);
    }

    public ValueTask<HttpResponseMessage?> BeforeAppAsync(HttpRequestMessage request, string appId, CancellationToken cancellation)
    {
        var from = request.RequestUri!;
        if (!request.Options.TryGetValue(Passed, out _) && Find(Uri.UnescapeDataString(from.AbsolutePath), from.Query) is var (path, query))
        {
            request.RequestUri = new Uri($"{from.Scheme}://{from.Authority}{path}{query}");
        }

        request.Options.Set(Passed, true);
        return default;
    }

    private (string Path, string Query)? Find(string path, string query)
    {
        if (_plain.TryGetValue(path, out var target))
        {
            return (target, query);
        }

        foreach (var (segments, mapped) in _patterns)
        {
            if (Match(segments, path.Split('/')) is { } values)
            {
                return (mapped, Together(query, values));
            }
        }

        return null;
    }

    private static List<(string Name, string Value)>? Match(string[] pattern, string[] segments)
    {
        if (pattern.Length != segments.Length)
        {
            return null;
        }

        var values = new List<(string Name, string Value)>();
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i].StartsWith('{') && segments[i].Length > 0)
            {
                values.Add((pattern[i][1..^1], segments[i]));
            }
            else if (pattern[i] != segments[i])
            {
                return null;
            }
        }

        return values;
    }

    /// <summary>By name, as Go writes a query.</summary>
    private static string Together(string query, List<(string Name, string Value)> values)
    {
        var asked = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query).SelectMany(p => p.Value.Select(v => (p.Key, Value: v ?? "")));
        var all = asked.Where(a => !values.Exists(v => v.Name == a.Key)).Concat(values).OrderBy(p => p.Item1, StringComparer.Ordinal);
        return QueryString.Create(all.Select(p => KeyValuePair.Create<string, string?>(p.Item1, p.Item2))).Value!;
    }

    private static List<KeyValuePair<string, string>>? Routes(MetadataItem item, List<string> faults)
    {
        try
        {
            var routes = JsonSerializer.Deserialize(item.Value ?? "", PlainJson.Default.DictionaryStringString) ?? [];
            if (routes.FirstOrDefault(r => !r.Key.Split('/').All(IsSegment) || !IsPlain(r.Key) || !IsPlain(r.Value) || r.Value.Contains('{', StringComparison.Ordinal)) is { Key: { } odd })
            {
                faults.Add($"{item.Source}: '{odd}' must be a path, whose segments may be {{name}}, and stand for a path. Neither has a query or an escape.");
                return null;
            }

            return [.. routes];
        }
        catch (JsonException error)
        {
            faults.Add($"{item.Source}: '{Field}' must be a JSON object of paths: {error.Message}");
            return null;
        }
    }

    private static bool IsSegment(string segment) =>
        segment.AsSpan().IndexOfAny('{', '}') < 0 || (segment.Length > 2 && segment[0] == '{' && segment[^1] == '}' && segment.AsSpan(1, segment.Length - 2).IndexOfAny("{}:") < 0);

    private static bool IsPlain(string path) => path.StartsWith('/') && path.AsSpan().IndexOfAny('?', '%', '#') < 0;
}

/// <summary>On a request: its request line has another path than it came with.</summary>
internal sealed class AliasedPath
{
    public static readonly AliasedPath Here = new();
}
