using System.Collections.Concurrent;
using System.Text.Json;
using EdgeMesh.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>What a service behind the gateway got to see.</summary>
internal sealed record Seen(string Method, string Target, Dictionary<string, string> Headers, long Length, Caller? Caller);

/// <summary>Stands where Records and Ledger stand: a real service, behind a real sidecar, that keeps and tells what it sees.</summary>
internal sealed class EchoApp(string appId)
{
    private readonly ConcurrentQueue<Seen> _seen = new();

    public IReadOnlyCollection<Seen> Requests => _seen;

    /// <summary>Paths that end in <c>Slow</c> answer only once this is released.</summary>
    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh(appId);
        var app = builder.Build();
        app.MapEdgeMesh();
        app.UseEdgeMeshCallers();
        app.MapGet("/dapr/subscribe", () => Results.Json(appId == "ledger" ? new[] { new { pubsubname = "wan", topic = "journals", route = "/wan-journals" } } : []));
        app.MapGet("/dapr/config", () => Results.NotFound());
        app.Map("/{**path}", AnswerAsync);
        return app;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.RequestAborted);
        var seen = new Seen(
            request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.Length, context.GetCaller());
        _seen.Enqueue(seen);
        if (request.Path.Value!.EndsWith("Slow", StringComparison.Ordinal))
        {
            await Gate.Task.WaitAsync(context.RequestAborted);
        }

        context.Response.Headers["X-Powered-By"] = "echo";
        context.Response.Headers.ETag = "W/\"7\"";
        context.Response.StatusCode = request.Path.Value!.EndsWith("Stale", StringComparison.Ordinal) ? StatusCodes.Status412PreconditionFailed : StatusCodes.Status200OK;
        await context.Response.WriteAsJsonAsync(seen, JsonSerializerOptions.Web, context.RequestAborted);
    }
}
