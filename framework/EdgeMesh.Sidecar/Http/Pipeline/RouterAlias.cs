using System.Text.Json;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary><c>middleware.http.routeralias</c>: paths that stand for others of the API, as <c>routes</c> maps them. Queries stay.</summary>
internal static class RouterAlias
{
    private const string Field = "routes";

    public static Func<RequestDelegate, RequestDelegate>? Create(ComponentResource component, TimeProvider clock, List<string> faults)
    {
        var routes = component.Metadata.Where(m => m.Name == Field).Select(m => Routes(m, faults)).FirstOrDefault();
        foreach (var item in component.Metadata.Where(m => m.Name != Field))
        {
            faults.Add($"{item.Source}: {component.Type} knows '{Field}', and not '{item.Name}'.");
        }

        return routes is null ? null : next => context =>
        {
            if (routes.TryGetValue(context.Request.Path.Value!, out var target))
            {
                context.Request.Path = target;
                context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target + context.Request.QueryString;
            }

            return next(context);
        };
    }

    private static Dictionary<string, string>? Routes(MetadataItem item, List<string> faults)
    {
        try
        {
            var routes = JsonSerializer.Deserialize(item.Value ?? "", PlainJson.Default.DictionaryStringString) ?? [];
            if (routes.FirstOrDefault(r => !IsPlain(r.Key) || !IsPlain(r.Value)) is { Key: { } odd })
            {
                faults.Add($"{item.Source}: '{odd}' and what it stands for must be paths of /v1.0, without parameters and queries.");
                return null;
            }

            return routes;
        }
        catch (JsonException error)
        {
            faults.Add($"{item.Source}: '{Field}' must be a JSON object of paths: {error.Message}");
            return null;
        }
    }

    private static bool IsPlain(string path) => path.StartsWith("/v1.0", StringComparison.Ordinal) && path.AsSpan().IndexOfAny('{', '?', '%') < 0;
}
