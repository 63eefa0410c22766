using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>daprd's metrics port: Prometheus' text on <c>/metrics</c>, and as daprd does on <c>/</c>.</summary>
internal sealed class MetricsServer : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly MetricsText _text;
    private readonly ListenOptions _listener;

    private MetricsServer(WebApplication web, MetricsText text, ListenOptions listener) => (_web, _text, _listener) = (web, text, listener);

    public Uri Endpoint => new($"http://{_listener.IPEndPoint}");

    /// <exception cref="IOException">The port is taken; the message names it.</exception>
    public static async Task<MetricsServer> StartAsync(IPAddress address, int port, IReadOnlySet<string> apps, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.RemoveAll<ILoggerFactory>();
        builder.Services.AddSingleton(loggers);
        ListenOptions listener = null!;
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(address, port, listen => (listener = listen).Protocols = HttpProtocols.Http1);
        });
        var web = builder.Build();
        var text = new MetricsText(apps);
        web.Run(context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(text.Write());
        });
        var server = new MetricsServer(web, text, listener);
        try
        {
            await web.StartAsync(cancellation);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return new MetricsServer(web, text, listener);
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _text.Dispose();
    }
}
