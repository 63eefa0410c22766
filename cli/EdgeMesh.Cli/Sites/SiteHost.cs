using System.Security.Cryptography;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Sites.Direct;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway;
using EdgeMesh.Sidecar;
using EdgeMesh.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Sites;

/// <summary>One site in this process: the sidecar and every service, each a host of its own. They talk by HTTP and gRPC over
/// loopback, as they would with a process each; plain small requests skip the socket, and meet the same pipelines. The tokens between them
/// live and die with the process.</summary>
internal sealed partial class SiteHost : IAsyncDisposable
{
    private readonly List<WebApplication> apps = [];
    private readonly DirectDoor sidecarDoor = new();
    private readonly Dictionary<string, DirectDoor> appDoors;
    private readonly ILoggerFactory loggers;
    private SidecarHost? sidecar;

    private SiteHost(SiteDefinition site, ILoggerFactory loggers)
    {
        this.loggers = loggers;
        // The gateway tells by the listener who comes: it is reached by its sockets alone.
        appDoors = site.Services.Where(s => s != GatewayApp.AppId).ToDictionary(s => s, _ => new DirectDoor());
    }

    public static async Task<SiteHost> StartAsync(MeshPlace place, SiteDefinition site, string logs, CancellationToken cancellation)
    {
        var tokens = site.Services.ToDictionary(s => s, _ => (Api: NewToken(), App: NewToken()));
        var host = new SiteHost(site, SiteLogging.Create(site.Name, logs, place.Data.Site(site.Name)));
        try
        {
            // The sidecar waits for the apps and the apps for the sidecar: order is nobody's problem.
            host.apps.AddRange(site.Services.Select(s => host.CreateApp(place, site, s, tokens[s], logs)));
            var sidecar = SidecarHost.StartAsync(host.Options(place, site, tokens), host.loggers, cancellation);
            await Task.WhenAll([.. host.apps.Select(a => a.StartAsync(cancellation)), KeepAsync(sidecar)]);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return host;

        async Task KeepAsync(Task<SidecarHost> starting) => host.sidecar = await starting;
    }

    /// <summary>Apps first: they may still need their sidecar to finish what they answer, and to write what they keep for their end.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(apps.Select(StopAsync));
        if (sidecar is not null)
        {
            await sidecar.DisposeAsync();
        }

        loggers.Dispose();
    }

    /// <summary>Within the host's own limit, <c>EdgeMesh:StopSeconds</c>.</summary>
    private async Task StopAsync(WebApplication app)
    {
        try
        {
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
        }
        catch (Exception error)
        {
            // One that can't end well must not keep the others, and the sidecar, from it.
            LogStop(loggers.CreateLogger<SiteHost>(), app.Environment.ApplicationName, error);
        }
    }

    [LoggerMessage(LogLevel.Error, "{Service} did not stop as it should; what it acknowledged is durable")]
    private static partial void LogStop(ILogger logger, string service, Exception error);

    private SidecarOptions Options(MeshPlace place, SiteDefinition site, Dictionary<string, (string Api, string App)> tokens) => new()
    {
        Namespace = site.Name,
        ResourcesPaths = [place.Components],
        ConfigurationPaths = [SidecarFile.Write(place, site)],
        WorkingDirectory = place.Data.Site(site.Name),
        ExitOnFailedComponent = false,
        Services = services => DirectServer.Add(services, sidecarDoor),
        Apps = [.. site.Services.Select(service => new SidecarAppOptions
        {
            AppId = service,
            AppEndpoint = new($"http://127.0.0.1:{place.Topology.AppPort(site, service)}"),
            HttpPort = place.Topology.SidecarHttpPort(site, service),
            GrpcPort = place.Topology.SidecarGrpcPort(site, service),
            ApiToken = tokens[service].Api,
            AppToken = tokens[service].App,
            // The sidecar names the span that calls, itself.
            AppHandler = appDoors.TryGetValue(service, out var door)
                ? sockets => new DirectHandler(door, place.Topology.AppPort(site, service), sockets, TimeProvider.System, tellsTrace: false)
                : null,
        })],
    };

    private WebApplication CreateApp(MeshPlace place, SiteDefinition site, string service, (string Api, string App) tokens, string logs)
    {
        var create = ServiceCatalog.Find(service)
            ?? throw new InvalidOperationException($"edgemesh site can't host '{service}'; it hosts {string.Join(", ", ServiceCatalog.Names)}");
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ApplicationName = service,
            ContentRootPath = place.Data.Site(site.Name),
            // Settings come from the topology and stay; a file watcher for each service would use up what the system gives a user.
            Args = ["--hostBuilder:reloadConfigOnChange=false"],
        });
        var settings = SiteSettings.ForProcess(place, site, service, builder.Configuration);
        settings["DAPR_API_TOKEN"] = tokens.Api;
        settings["APP_API_TOKEN"] = tokens.App;
        settings[SiteLogging.Setting] = logs;
        settings[TelemetrySettings.SpoolFolder] = SiteLogging.SpoolOf(place.Data.Site(site.Name));
        builder.Configuration.AddInMemoryCollection(settings);

        // The process's signals are the command's: a host must not stop by itself.
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.Services.AddSingleton(new SidecarShortcut(sockets => new DirectHandler(sidecarDoor, place.Topology.SidecarHttpPort(site, service), sockets, TimeProvider.System, tellsTrace: true)));
        if (appDoors.TryGetValue(service, out var door))
        {
            DirectServer.Add(builder.Services, door);
        }

        return create(builder);
    }

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private sealed class CommandLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
