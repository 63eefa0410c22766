using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>daprd's metrics port: Prometheus' text on <c>/metrics</c>, and as daprd does on <c>/</c>. One for all apps, or each its own.</summary>
internal sealed class MetricsServer : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly MetricsText _text;
    private readonly IReadOnlyList<(ListenOptions Listener, string? App)> _ports;

    private MetricsServer(WebApplication web, MetricsText text, IReadOnlyList<(ListenOptions Listener, string? App)> ports) => (_web, _text, _ports) = (web, text, ports);

    /// <param name="app">Null: what all apps have in common.</param>
    public Uri? Endpoint(string? app) => _ports.FirstOrDefault(p => p.App == app).Listener is { } listener ? new($"http://{listener.IPEndPoint}") : null;

    /// <summary>Null: no port is asked for.</summary>
    /// <exception cref="IOException">A port is taken; the message names it.</exception>
    public static async Task<MetricsServer?> StartAsync(SidecarOptions options, MetricsSetting setting, ILoggerFactory loggers, CancellationToken cancellation)
    {
        (int Port, string? App)[] asked =
        [
            .. options.MetricsPort is { } port ? [(port, null)] : Array.Empty<(int, string?)>(),
            .. options.Apps.Where(a => a.MetricsPort is not null).Select(a => (a.MetricsPort!.Value, (string?)a.AppId)),
        ];
        if (asked.Length == 0 || !setting.Enabled)
        {
            return null;
        }

        var ports = new List<(ListenOptions Listener, string? App)>();
        var text = new MetricsText(options.Apps.Select(a => a.AppId).ToHashSet(StringComparer.Ordinal), setting);
        var server = new MetricsServer(Build(IPAddress.Parse(options.MetricsListenAddress), asked, ports, text, loggers), text, ports);
        try
        {
            await server._web.StartAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static WebApplication Build(IPAddress address, (int Port, string? App)[] asked, List<(ListenOptions Listener, string? App)> ports, MetricsText text, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.RemoveAll<ILoggerFactory>();
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            foreach (var (port, app) in asked)
            {
                kestrel.Listen(address, port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    ports.Add((listen, app));
                });
            }
        });
        var web = builder.Build();
        web.Run(context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(text.Write(ports.Find(p => p.Listener.IPEndPoint!.Port == context.Connection.LocalPort).App));
        });
        return web;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _text.Dispose();
    }
}
