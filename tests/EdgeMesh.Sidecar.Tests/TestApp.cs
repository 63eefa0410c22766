using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests;

/// <summary>An app behind the sidecar, on a free port: answers with what it saw, unless a test gives it a handler.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    public const string Token = "what-the-app-checks";

    private readonly WebApplication _web;

    private TestApp(WebApplication web) => _web = web;

    public Uri Url => new(_web.Urls.First());

    public static async Task<TestApp> StartAsync(Func<HttpContext, Task>? handler = null, Func<HttpContext, Task>? subscribe = null, Func<HttpContext, Task>? config = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(k => (k.Limits.MaxRequestBodySize, k.AddServerHeader) = (null, false));
        var web = builder.Build();
        web.Run(context => context.Request.Path.Value switch
        {
            "/dapr/subscribe" => (subscribe ?? (c => c.Response.WriteAsync("[]")))(context),
            "/dapr/config" => (config ?? (c => c.Response.WriteAsync("{}")))(context),
            _ => (handler ?? EchoAsync)(context),
        });
        await web.StartAsync();
        return new TestApp(web);
    }

    /// <summary>The request line as it came, the headers, the body's length.</summary>
    public static async Task EchoAsync(HttpContext context)
    {
        long length = 0;
        var buffer = new byte[16384];
        while (await context.Request.Body.ReadAsync(buffer) is > 0 and var read)
        {
            length += read;
        }

        var said = new StringBuilder($"{context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}\nlength: {length}\n");
        foreach (var (name, value) in context.Request.Headers)
        {
            said.Append(name.ToLowerInvariant()).Append(": ").Append(value).Append('\n');
        }

        context.Response.ContentType = "text/x-echo";
        await context.Response.WriteAsync(said.ToString());
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}
