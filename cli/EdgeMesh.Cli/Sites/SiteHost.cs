using System.Security.Cryptography;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Sidecar;
using EdgeMesh.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Sites;

/// <summary>One site in this process: the sidecar and every service, each a host of its own. They talk by HTTP and gRPC over
/// loopback, exactly as they would with a process each; the tokens between them live and die with the process.</summary>
internal sealed class SiteHost : IAsyncDisposable
{
    private readonly List<WebApplication> apps = [];
    private readonly ILoggerFactory loggers;
    private SidecarHost? sidecar;

    private SiteHost(ILoggerFactory loggers) => this.loggers = loggers;

    public static async Task<SiteHost> StartAsync(MeshPlace place, SiteDefinition site, string logs, CancellationToken cancellation)
    {
        var tokens = site.Services.ToDictionary(s => s, _ => (Api: NewToken(), App: NewToken()));
        var host = new SiteHost(SiteLogging.Create(site.Name, logs, place.Data.Site(site.Name)));
        try
        {
            // The sidecar waits for the apps and the apps for the sidecar: order is nobody's problem.
            host.apps.AddRange(site.Services.Select(s => CreateApp(place, site, s, tokens[s], logs)));
            var sidecar = SidecarHost.StartAsync(Options(place, site, tokens), host.loggers, cancellation);
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

    /// <summary>Apps first: they may still need their sidecar to finish what they answer.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(apps.Select(a => a.DisposeAsync().AsTask()));
        if (sidecar is not null)
        {
            await sidecar.DisposeAsync();
        }

        loggers.Dispose();
    }

    private static SidecarOptions Options(MeshPlace place, SiteDefinition site, Dictionary<string, (string Api, string App)> tokens) => new()
    {
        Namespace = site.Name,
        ResourcesPaths = [place.Components],
        WorkingDirectory = place.Data.Site(site.Name),
        ExitOnFailedComponent = false,
        Apps = [.. site.Services.Select(service => new SidecarAppOptions
        {
            AppId = service,
            AppEndpoint = new($"http://127.0.0.1:{place.Topology.AppPort(site, service)}"),
            HttpPort = place.Topology.SidecarHttpPort(site, service),
            GrpcPort = place.Topology.SidecarGrpcPort(site, service),
            ApiToken = tokens[service].Api,
            AppToken = tokens[service].App,
        })],
    };

    private static WebApplication CreateApp(MeshPlace place, SiteDefinition site, string service, (string Api, string App) tokens, string logs)
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
        return create(builder);
    }

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private sealed class CommandLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
