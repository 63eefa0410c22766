using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>A fake index on loopback, for processes.</summary>
internal sealed class FakeIndexServer(FakeIndex index, WebApplication app) : IAsyncDisposable
{
    public string Url => app.Urls.First();

    public static async Task<FakeIndexServer> StartAsync(FakeIndex index, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["urls"] = "http://127.0.0.1:0" });
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var server = new FakeIndexServer(index, app);
        app.Run(server.AnswerAsync);
        await app.StartAsync(cancellation);
        return server;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var bytes = new MemoryStream();
        await context.Request.Body.CopyToAsync(bytes);
        var body = context.Request.Headers.ContentEncoding == "gzip" ? FakeIndex.Unzip(bytes.ToArray()) : bytes.ToArray();
        var path = context.Features.Get<IHttpRequestFeature>()!.RawTarget.TrimStart('/');
        if (index.Answer(context.Request.Method, path, body, (int)bytes.Length) is var (status, text))
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(text);
        }
        else
        {
            context.Abort();
        }
    }
}
