using System.Collections;
using System.Net;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Http;
using EdgeMesh.Sidecar.Resources;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar;

/// <summary>The embedded Dapr runtime: one process, many apps, each with its own HTTP and gRPC port.</summary>
public sealed class SidecarHost : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly ComponentCatalog _components;
    private readonly AppDirectory _apps;
    private readonly List<AppStarter> _starters;
    private readonly Dictionary<string, (ListenOptions Http, ListenOptions Grpc)> _listeners;

    private SidecarHost(WebApplication web, ComponentCatalog components, AppDirectory apps, List<AppStarter> starters, Dictionary<string, (ListenOptions, ListenOptions)> listeners) =>
        (_web, _components, _apps, _starters, _listeners) = (web, components, apps, starters, listeners);

    /// <summary>Ends when somebody asked the sidecar to shut down.</summary>
    public CancellationToken Stopping => _web.Lifetime.ApplicationStopping;

    /// <summary>Where the HTTP API of an app listens.</summary>
    public Uri HttpEndpoint(string appId) => Address(_listeners[appId].Http);

    /// <summary>Where the gRPC API of an app listens.</summary>
    public Uri GrpcEndpoint(string appId) => Address(_listeners[appId].Grpc);

    /// <summary>Loads the resources, opens the components and serves. Apps may come later.</summary>
    /// <exception cref="SidecarConfigurationException">The resources can't be used; lists every fault.</exception>
    /// <exception cref="IOException">A port is taken; the message names it.</exception>
    public static async Task<SidecarHost> StartAsync(SidecarOptions options, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var logger = loggers.CreateLogger("EdgeMesh.Sidecar");
        var faults = options.Apps.GroupBy(a => a.AppId).Where(g => g.Key.Length == 0 || g.Count() > 1)
            .Select(g => g.Key.Length == 0 ? "An app has no id." : $"There are {g.Count()} apps '{g.Key}'. Ids must differ.").ToList();
        var resources = new ResourceLoader(options.Namespace, faults);
        foreach (var path in options.ResourcesPaths)
        {
            resources.Load(path);
        }

        var subscriptions = resources.Subscriptions.Select(r => (r.Scopes, Subscription: Subscription.From(r, faults))).ToArray();
        var apps = new AppDirectory();
        var context = new ComponentContext(options.WorkingDirectory ?? Directory.GetCurrentDirectory(), options.Clock, options.Environment ?? ProcessEnvironment(), id => apps.Find(id)?.Channel) { Loggers = loggers };
        var components = await new ComponentOpener(options, context, faults, logger).OpenAsync(resources.Components, cancellation);
        BuildingBlocks.Actors.ActorState.Check(components, options.Apps, faults);
        if (faults.Count > 0)
        {
            await components.DisposeAsync();
            throw new SidecarConfigurationException(faults);
        }

        var jobs = new JobStore(options);
        components.Own(jobs);
        var starters = new List<AppStarter>();
        foreach (var app in options.Apps)
        {
            var runtime = new AppRuntime(app, options, components, apps) { Jobs = jobs };
            apps.Add(runtime);
            var declared = subscriptions.Where(s => s.Scopes.Count == 0 || s.Scopes.Contains(app.AppId, StringComparer.Ordinal)).Select(s => s.Subscription!);
            starters.Add(new AppStarter(runtime, [.. declared], logger));
        }

        var listeners = new Dictionary<string, (ListenOptions, ListenOptions)>();
        var host = new SidecarHost(Build(options, loggers, listeners, apps), components, apps, starters, listeners);
        try
        {
            await host._web.StartAsync(cancellation);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        starters.ForEach(s => s.Start());
        return host;
    }

    private static WebApplication Build(SidecarOptions options, ILoggerFactory loggers, Dictionary<string, (ListenOptions Http, ListenOptions Grpc)> listeners, AppDirectory apps)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.RemoveAll<ILoggerFactory>();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc => (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = ((int)options.MaxBodySize, (int)options.MaxBodySize));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<DaprGrpc>, DaprMethodProvider>());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Each API enforces MaxBodySize itself, with daprd's answers.
            kestrel.Limits.MaxRequestBodySize = null;
            foreach (var app in options.Apps)
            {
                var address = IPAddress.Parse(options.ListenAddress);
                ListenOptions http = null!, grpc = null!;
                kestrel.Listen(address, app.HttpPort, listen => (http = listen).Protocols = HttpProtocols.Http1);
                kestrel.Listen(address, app.GrpcPort, listen => (grpc = listen).Protocols = HttpProtocols.Http2);
                listeners[app.AppId] = (http, grpc);
            }
        });
        var web = builder.Build();
        web.Use(new PortedApps(listeners, apps).InvokeAsync);
        web.UseInvocation();
        web.UseRouting();
        web.MapGrpcService<DaprGrpc>();
        foreach (var block in ServedBlock.All)
        {
            block.Routes(web);
        }

        return web;
    }

    private static Dictionary<string, string> ProcessEnvironment() =>
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);

    private static Uri Address(ListenOptions listener) => new($"http://{listener.IPEndPoint}");

    /// <summary>Blocks new messages, ends subscriptions, finishes calls in flight, closes components.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var starter in _starters)
        {
            await starter.DisposeAsync();
        }

        await _web.StopAsync();
        await _web.DisposeAsync();
        foreach (var app in _apps.All)
        {
            app.Dispose();
        }

        await _components.DisposeAsync();
    }
}
