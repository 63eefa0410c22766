using System.Text;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.Http.Pipeline;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/invoke/{app}/method/…</c>, and any path that nothing else serves with the header <c>dapr-app-id</c>, which goes before the
/// path's app. Bodies stream both ways.</summary>
internal static class InvocationRoutes
{
    private const string Prefix = "/v1.0/invoke/";
    private const string Method = "/method/";
    private const string BasicUser = "dapr-app-id:";

    /// <summary>Recognised before routing, from the request line: routing has decoded the path and taken dot segments out, and so would
    /// let <c>…/method/../../…</c> reach another API than daprd does.</summary>
    public static void UseInvocation(this IApplicationBuilder pipeline) => pipeline.Use((HttpContext context, RequestDelegate next) =>
        Split(context) is { AppId: not null } named && context.Features.Get<AliasedPath>() is null ? Answers.Route((inner, app) => InvokeAsync(inner, app, named))(context) : next(context));

    public static void MapInvocation(this IEndpointRouteBuilder routes) => routes.MapFallback("{**path}", Answers.Route(InvokeUnroutedAsync));

    /// <summary>What no route serves: it names an app by its header, or by the path that an alias stands for.</summary>
    public static Task InvokeUnroutedAsync(HttpContext context, AppRuntime app) => InvokeAsync(context, app, Split(context));

    private static (string? AppId, string? Target) Split(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (target.StartsWith("//", StringComparison.Ordinal) || target.StartsWith("/v1.0//", StringComparison.Ordinal))
        {
            target = RequestPath.Collapse(target);
        }

        if (!target.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return default;
        }

        // An address of a server outside has slashes of its own.
        var slash = ExternalEndpoints.IsAddress(target[Prefix.Length..]) ? target.IndexOf(Method, Prefix.Length, StringComparison.Ordinal) : target.IndexOf('/', Prefix.Length);
        return slash > Prefix.Length && string.CompareOrdinal(target, slash, Method, 0, Method.Length) == 0
            ? (Uri.UnescapeDataString(target[Prefix.Length..slash]), target[(slash + Method.Length - 1)..])
            : default;
    }

    /// <summary>The header, or the user part of the address (<c>http://dapr-app-id:app@…</c>), which clients send as basic credentials.</summary>
    private static string? AppIdOf(HttpRequest request)
    {
        if (request.Headers["dapr-app-id"].ToString() is { Length: > 0 } named)
        {
            return named;
        }

        var credentials = request.Headers.Authorization.ToString();
        if (!credentials.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var bytes = new byte[credentials.Length];
        return Convert.TryFromBase64String(credentials["Basic ".Length..].Trim(), bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length) is var pair && pair.StartsWith(BasicUser, StringComparison.Ordinal) && pair.Length > BasicUser.Length
                ? pair[BasicUser.Length..]
                : null;
    }

    /// <summary>An app that a header names goes before the path's, which then is the app's as a whole.</summary>
    private static Task InvokeAsync(HttpContext context, AppRuntime app, (string? AppId, string? Target) path) =>
        AppIdOf(context.Request) is { } named ? InvokeAsync(context, app, named, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget)
        : path is ({ } appId, { } target) ? InvokeAsync(context, app, appId, target)
        : Answers.FaultAsync(context, DaprFault.NoRoute());

    private static async Task InvokeAsync(HttpContext context, AppRuntime app, string appId, string target)
    {
        if (!app.Configuration.Api.AllowsInvocation || context.Features.Get<InternalPort>() is not null)
        {
            // Looked at here again: the path that reached this need not say what it is. And other sidecars do not call as the app.
            throw DaprFault.NoRoute();
        }

        if (context.Request.ContentLength > app.Process.MaxBodySize)
        {
            context.Response.Headers.Connection = "close";
            throw InvocationBlock.Failed(appId, Answers.TooLarge);
        }

        using var request = new HttpRequestMessage(Verb(context.Request.Method), (Uri?)null);
        if (HasBody(context.Request))
        {
            request.Content = new PassedBody(context.Request.Body, app.Process.MaxBodySize);
        }
        else if (context.Request.ContentType is not null)
        {
            // Clients say a type with a GET too, and it is the app's to read.
            request.Content = new ByteArrayContent([]);
        }

        InvocationHeaders.CopyRequest(context.Request.Headers, request);
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var (method, query) = question < 0 ? (target, "") : (target[..question], question == target.Length - 1 ? "" : target[question..]);
        using var answer = await InvocationBlock.InvokeAsync(app, appId, method, query, request, context.RequestAborted);
        await CopyAsync(answer, context, appId);
    }

    private static HttpMethod Verb(string method) => method switch
    {
        "GET" => HttpMethod.Get,
        "POST" => HttpMethod.Post,
        "PUT" => HttpMethod.Put,
        "DELETE" => HttpMethod.Delete,
        "PATCH" => HttpMethod.Patch,
        "HEAD" => HttpMethod.Head,
        "OPTIONS" => HttpMethod.Options,
        _ => new HttpMethod(method),
    };

    private static bool HasBody(HttpRequest request) =>
        request.ContentLength > 0 || (request.ContentLength is null && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true);

    private static async Task CopyAsync(HttpResponseMessage answer, HttpContext context, string appId)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        InvocationHeaders.CopyResponse(answer, context.Response.Headers);
        if (context.Request.Method == HttpMethods.Head || answer.StatusCode is System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.NotModified)
        {
            return;
        }

        try
        {
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            if (!context.Response.HasStarted)
            {
                context.Response.Clear();
                throw InvocationBlock.Failed(appId, $"error invoking app channel: {error.Message}");
            }

            // The app broke off halfway. The caller must see that too, and not a short body that looks whole.
            context.Abort();
        }
    }
}
