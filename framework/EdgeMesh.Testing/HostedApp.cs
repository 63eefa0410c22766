using System.Net;
using System.Security.Cryptography;
using Dapr.Client;
using EdgeMesh.Sidecar;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Testing;

/// <summary>One app of the host: its port and tokens, which stay, and the running instance, which may go and come.</summary>
internal sealed class HostedApp(TestApp app, DaprTestHostOptions options, string dataDirectory, string? directoryPath) : IAsyncDisposable
{
    private readonly string _apiToken = NewToken();
    private readonly string _appToken = NewToken();
    private readonly Uri? _endpoint = app.Create is not null ? new Uri($"http://127.0.0.1:{LoopbackPorts.Take()}") : app.IsAttached ? new Uri("http://attached.invalid") : null;
    private readonly AttachedHandler? _attached = app.IsAttached ? new AttachedHandler() : null;
    // A sidecar that dies comes back where it was: apps know it by its ports.
    private readonly (int Http, int Grpc) _ports = (LoopbackPorts.Take(), LoopbackPorts.Take());
    private ServiceProvider? _clients;
    private IServiceProvider? _attachedServices;
    private Uri? _sidecarHttp;
    private Uri? _sidecarGrpc;

    public string AppId => app.AppId;

    public WebApplication? Running { get; private set; }

    public bool IsAttached => app.IsAttached;

    /// <summary>Null: it is not there, or another host runs it and did not say.</summary>
    public IServiceProvider? Services => Running?.Services ?? _attachedServices;

    /// <summary>What the app serves, as far as that is known.</summary>
    public EndpointDataSource? Endpoints => Services?.GetService<EndpointDataSource>();

    private bool SpeaksHttp2 => app.Protocol is AppProtocol.Grpc or AppProtocol.H2c;

    public SidecarAppOptions Sidecar(CallGate gate) => new()
    {
        AppId = app.AppId,
        AppEndpoint = _endpoint,
        AppProtocol = app.Protocol is AppProtocol.Https or AppProtocol.Grpcs
            ? throw new ArgumentException($"The app '{AppId}' has protocol {app.Protocol}, and a test host's apps have no certificates. Give {(app.Protocol is AppProtocol.Https ? AppProtocol.Http : AppProtocol.Grpc)}.")
            : app.Protocol,
        AppHandler = direct => new AppCalls(this, gate, _attached ?? direct),
        HealthCheck = app.HealthCheck,
        HttpPort = _ports.Http,
        GrpcPort = _ports.Grpc,
        ApiToken = _apiToken,
        AppToken = _appToken,
    };

    public DaprClient Dapr => (_clients ??= Clients()).GetRequiredService<DaprClient>();

    public void Connect(SidecarHost sidecar) => (_sidecarHttp, _sidecarGrpc) = (sidecar.HttpEndpoint(AppId), sidecar.GrpcEndpoint(AppId));

    public void Attach(HttpMessageHandler handler) =>
        (_attached ?? throw new InvalidOperationException($"'{AppId}' is run by this host. Give it as TestApp.Attached(\"{AppId}\") to attach it.")).Attach(handler);

    /// <summary>Another host runs the app, with these services.</summary>
    public void Introduce(IServiceProvider services) => _attachedServices = services;

    public HttpClient AppClient() => app.Create is null
        ? throw new InvalidOperationException(app.IsAttached ? $"'{AppId}' is run by another host: call it through that." : $"'{AppId}' only calls; it has no address.")
        : Client(_endpoint!, _appToken, SpeaksHttp2);

    public HttpClient SidecarClient(string path = "/") => Client(new Uri(_sidecarHttp!, path), _apiToken);

    public async Task StartAsync(CancellationToken cancellation)
    {
        if (app.Create is null || Running is not null)
        {
            return;
        }

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = dataDirectory,
            EnvironmentName = Environments.Production,
            // A watcher for each host would use up what the system gives a user once many tests run.
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        builder.Configuration.AddInMemoryCollection(Settings());
        builder.Services.AddSingleton(options.Clock);
        builder.Services.AddSingleton(options.Loggers);
        builder.Services.AddSingleton<IHostLifetime, TestLifetime>();
        if (SpeaksHttp2)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http2));
        }

        var web = app.Create(builder);
        try
        {
            await web.StartAsync(cancellation);
        }
        catch
        {
            await web.DisposeAsync();
            throw;
        }

        Running = web;
    }

    public async Task StopAsync()
    {
        if (Running is { } web)
        {
            Running = null;
            await web.StopAsync();
            await web.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_clients is not null)
        {
            await _clients.DisposeAsync();
        }
    }

    public Dictionary<string, string?> Settings()
    {
        var settings = new Dictionary<string, string?>
        {
            ["EdgeMesh:Site"] = options.Site,
            ["EdgeMesh:DataDirectory"] = dataDirectory,
            ["EdgeMesh:Directory"] = directoryPath,
            ["EdgeMesh:StopSeconds"] = "5",
            ["urls"] = app.IsAttached ? null : _endpoint?.ToString(),
            ["DAPR_HTTP_ENDPOINT"] = _sidecarHttp?.ToString(),
            ["DAPR_GRPC_ENDPOINT"] = _sidecarGrpc?.ToString(),
            ["DAPR_API_TOKEN"] = _apiToken,
            ["APP_API_TOKEN"] = _appToken,
        };
        foreach (var (key, value) in app.Settings)
        {
            settings[key] = value;
        }

        return settings;
    }

    /// <summary>Dapr's own client, made as a stranger's program would make it.</summary>
    private ServiceProvider Clients()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(Settings()).Build());
        services.AddDaprClient();
        return services.BuildServiceProvider();
    }

    private static HttpClient Client(Uri address, string token, bool isHttp2 = false) => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = address,
        DefaultRequestVersion = isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = isHttp2 ? HttpVersionPolicy.RequestVersionExact : HttpVersionPolicy.RequestVersionOrLower,
        DefaultRequestHeaders = { { "dapr-api-token", token } },
    };

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Ctrl-C is the test runner's.</summary>
    private sealed class TestLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
