using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Hosting.Tests;

/// <summary>A service on a free port, without any sidecar.</summary>
internal sealed class LoneService : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _data;

    private LoneService(WebApplication app, string data)
    {
        (_app, _data) = (app, data);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<LoneService> StartAsync(
        Dictionary<string, string?>? settings = null, Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        var data = Directory.CreateTempSubdirectory("edgemesh-test-").FullName;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["EdgeMesh:Site"] = "clinic-a",
            ["EdgeMesh:DataDirectory"] = data,
            ["urls"] = "http://127.0.0.1:0",
            ["DAPR_HTTP_ENDPOINT"] = $"http://127.0.0.1:{LoopbackPorts.Take()}",
            ["DAPR_GRPC_ENDPOINT"] = $"http://127.0.0.1:{LoopbackPorts.Take()}",
        });
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.AddEdgeMesh("notes");
        builder.Logging.ClearProviders();
        configure?.Invoke(builder);
        var app = builder.Build();
        app.MapEdgeMesh();
        map?.Invoke(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new LoneService(app, data);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
