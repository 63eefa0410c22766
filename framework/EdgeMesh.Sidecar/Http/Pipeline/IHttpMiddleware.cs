using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary>A middleware component: stands before the HTTP API (<c>httpPipeline</c>), before the app (<c>appHttpPipeline</c>), or both.</summary>
internal interface IHttpMiddleware
{
    /// <summary>Before the API.</summary>
    Task InvokeAsync(HttpContext context, RequestDelegate next);

    /// <summary>Before the app.</summary>
    /// <returns>The answer in the app's place; null: the request goes on, changed or not.</returns>
    ValueTask<HttpResponseMessage?> BeforeAppAsync(HttpRequestMessage request, string appId, CancellationToken cancellation);
}
