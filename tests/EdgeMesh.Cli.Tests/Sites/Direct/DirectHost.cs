using System.Net;
using EdgeMesh.Cli.Sites.Direct;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Cli.Tests.Sites.Direct;

/// <summary>A host of this process, and both ways to it.</summary>
internal sealed class DirectHost : IAsyncDisposable
{
    public const int Port = 4711;

    private readonly DirectDoor door = new();
    private readonly WebApplication app;

    private DirectHost(RequestDelegate answer, Action<KestrelServerLimits>? limit)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => limit?.Invoke(kestrel.Limits));
        builder.Services.AddHttpContextAccessor();
        DirectServer.Add(builder.Services, door);
        app = builder.Build();
        app.Run(answer);
        Direct = new HttpMessageInvoker(new DirectHandler(door, Port, new SocketsHttpHandler { AllowAutoRedirect = false }, Clock, tellsTrace: true));
        Sockets = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false });
    }

    /// <summary>Of the direct way.</summary>
    public FakeTimeProvider Clock { get; } = new();

    public HttpMessageInvoker Direct { get; }

    public HttpMessageInvoker Sockets { get; }

    public IHttpContextAccessor Accessor => app.Services.GetRequiredService<IHttpContextAccessor>();

    public Uri Address { get; private set; } = new("http://127.0.0.1:1");

    public static async Task<DirectHost> StartAsync(RequestDelegate answer, Action<KestrelServerLimits>? limit = null)
    {
        var host = new DirectHost(answer, limit);
        await host.app.StartAsync(TestContext.Current.CancellationToken);
        host.Address = new Uri(host.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return host;
    }

    public static bool IsDirect(HttpContext context) => context.Connection.Id.StartsWith("direct-", StringComparison.Ordinal);

    public HttpRequestMessage Ask(string path, HttpMethod? method = null, HttpContent? content = null) =>
        new(method ?? HttpMethod.Get, new Uri(Address, path)) { Version = HttpVersion.Version11, Content = content };

    public Task<HttpResponseMessage> SendAsync(string path, HttpMethod? method = null, HttpContent? content = null) =>
        Direct.SendAsync(Ask(path, method, content), TestContext.Current.CancellationToken);

    public Task StopAsync() => app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        Direct.Dispose();
        Sockets.Dispose();
    }
}
