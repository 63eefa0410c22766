using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/invoke/{app}/method/…</c>, and any path with the header <c>dapr-app-id</c>. Bodies stream both ways.</summary>
internal static class InvocationRoutes
{
    private const string Prefix = "/v1.0/invoke/";
    private const string Method = "/method/";

    /// <summary>Of one connection only, or ours to say.</summary>
    private static readonly HashSet<string> NotPassedOn = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Proxy-Connection", "Host",
        "dapr-api-token", "dapr-app-id", "dapr-caller-app-id", "dapr-caller-namespace", "dapr-callee-app-id",
    };

    public static void MapInvocation(this IEndpointRouteBuilder routes)
    {
        routes.Map(Prefix + "{app}/method/{**path}", Answers.Route(InvokeByPathAsync));
        routes.MapFallback(Answers.Route(InvokeByHeaderAsync));
    }

    private static Task InvokeByPathAsync(HttpContext context, AppRuntime app)
    {
        // The target as it was sent: routing has decoded the path, and what is only passed on must not change.
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var method = target.IndexOf(Method, StringComparison.Ordinal);
        return InvokeAsync(context, app, context.Value("app"), target[(method + Method.Length - 1)..]);
    }

    private static Task InvokeByHeaderAsync(HttpContext context, AppRuntime app)
    {
        if (context.Request.Headers["dapr-app-id"].ToString() is not { Length: > 0 } target)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return InvokeAsync(context, app, target, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
    }

    private static async Task InvokeAsync(HttpContext context, AppRuntime app, string appId, string pathAndQuery)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), (Uri?)null);
        if (HasBody(context.Request))
        {
            request.Content = new StreamContent(context.Request.Body);
        }

        foreach (var (name, values) in context.Request.Headers)
        {
            if (!NotPassedOn.Contains(name) && !request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        using var answer = await InvocationBlock.InvokeAsync(app, appId, pathAndQuery, request, context.RequestAborted);
        await CopyAsync(answer, context);
    }

    private static bool HasBody(HttpRequest request) =>
        request.ContentLength > 0 || request.ContentLength is null && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;

    private static async Task CopyAsync(HttpResponseMessage answer, HttpContext context)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.NonValidated)
        {
            if (!NotPassedOn.Contains(name))
            {
                context.Response.Headers[name] = values.ToArray();
            }
        }

        foreach (var (name, values) in answer.Content.Headers.NonValidated)
        {
            context.Response.Headers[name] = values.ToArray();
        }

        if (context.Request.Method != HttpMethods.Head && answer.StatusCode is not (System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.NotModified))
        {
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
    }
}
