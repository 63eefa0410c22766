using System.Collections;
using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Connections;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Http;
using EdgeMesh.Sidecar.Http.Pipeline;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.MutualTls;
using EdgeMesh.Sidecar.Resiliency;
using EdgeMesh.Sidecar.Resources;
using EdgeMesh.Sidecar.Sidecars;
using EdgeMesh.Sidecar.Tracing;
using Grpc.AspNetCore.Server.Model;
using Grpc.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar;

/// <summary>The embedded Dapr runtime: one process, many apps, each with its own HTTP and gRPC port.</summary>
public sealed class SidecarHost : IAsyncDisposable
{
    /// <summary>So that callers hear of what was given up when its time was over.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(500);

    private readonly WebApplication _web;
    private readonly ComponentCatalog _components;
    private readonly OutsideWorld _outside;
    private readonly RemoteSidecars? _remote;
    private readonly AppDirectory _apps;
    private readonly List<AppStarter> _starters;
    private readonly Dictionary<string, AppListeners> _listeners;
    private readonly TimeSpan _shutdownTimeout;

    private SidecarHost(WebApplication web, ComponentCatalog components, OutsideWorld outside, RemoteSidecars? remote, AppDirectory apps, List<AppStarter> starters, Dictionary<string, AppListeners> listeners, TimeSpan shutdownTimeout) =>
        (_web, _components, _outside, _remote, _apps, _starters, _listeners, _shutdownTimeout) = (web, components, outside, remote, apps, starters, listeners, shutdownTimeout);

    /// <summary>Null: no metrics port was asked for.</summary>
    private MetricsServer? _metrics;

    /// <summary>Null: changes of resources are not looked for.</summary>
    private ResourceWatcher? _watcher;

    /// <inheritdoc cref="_watcher"/>
    private ComponentReload? _reload;

    /// <summary>Where Prometheus finds what the apps' sidecars count; null: no port was asked for.</summary>
    public Uri? MetricsEndpoint => _metrics?.Endpoint(null);

    /// <summary>Where Prometheus finds what one app's sidecar counts; null: no port was asked for.</summary>
    public Uri? AppMetricsEndpoint(string appId) => _metrics?.Endpoint(appId);

    /// <summary>Ends when somebody asked the sidecar to shut down.</summary>
    public CancellationToken Stopping => _web.Lifetime.ApplicationStopping;

    /// <summary>As if somebody had asked it by the API.</summary>
    internal void Stop() => _web.Lifetime.StopApplication();

    /// <summary>Where the HTTP API of an app listens: <c>http://…</c>, or <c>unix:///…</c> of a socket.</summary>
    public Uri HttpEndpoint(string appId) => AppListeners.Address(_listeners[appId].Http[0]);

    /// <summary>Whether an app can take work, as far as anybody asks it.</summary>
    internal bool IsHealthy(string appId) => _apps.Find(appId)?.IsHealthy == true;

    /// <summary>Where the gRPC API of an app listens: <c>http://…</c>, or <c>unix:///…</c> of a socket.</summary>
    public Uri GrpcEndpoint(string appId) => AppListeners.Address(_listeners[appId].Grpc[0]);

    /// <summary>Where health and metadata of an app are told without a token; null: no port was asked for.</summary>
    public Uri? PublicEndpoint(string appId) => _listeners[appId].Public is { } listener ? AppListeners.Address(listener) : null;

    /// <summary>Loads the resources, opens the components and serves. Apps may come later.</summary>
    /// <exception cref="SidecarConfigurationException">The resources can't be used; lists every fault.</exception>
    /// <exception cref="IOException">A port is taken; the message names it.</exception>
    public static async Task<SidecarHost> StartAsync(SidecarOptions options, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var logger = loggers.CreateLogger("EdgeMesh.Sidecar");
        var faults = options.Apps.GroupBy(a => a.AppId).Where(g => g.Key.Length == 0 || g.Count() > 1)
            .Select(g => g.Key.Length == 0 ? "An app has no id." : $"There are {g.Count()} apps '{g.Key}'. Ids must differ.").ToList();
        faults.AddRange(options.Apps.Where(a => a.AppId.Contains('.', StringComparison.Ordinal)).Select(a => $"The app's id '{a.AppId}' has a dot, which stands before a namespace in Dapr's names. Leave it out."));
        var environment = options.Environment ?? ProcessEnvironment();
        var configuration = ConfigurationReader.Read(options, environment, faults);
        var resources = ResourceLoader.Load(options, faults);
        var subscriptions = DeclaredSubscriptions.From(resources, faults);
        var anchors = TrustAnchors.Open(options.MutualTls, options.Clock, faults);
        var identities = anchors is null || faults.Count > 0 ? null : await WorkloadIdentities.OpenAsync(options, anchors, logger, cancellation);
        var pipeline = await HttpPipeline.OpenAsync(configuration, resources.Middlewares, options, faults, cancellation);
        var apps = new AppDirectory();
        var context = new ComponentContext(options.WorkingDirectory ?? Directory.GetCurrentDirectory(), options.Clock, environment, id => apps.Find(id)?.Channel) { Loggers = loggers };
        var components = await new ComponentOpener(options, context, Catalog(identities), faults, logger).OpenAsync(resources.Components, cancellation);
        options = configuration.NameResolution is null ? options : options with { Apps = [.. options.Apps.Select(a => a with { InternalGrpcPort = a.InternalGrpcPort ?? 0 })] };
        var remote = Names(configuration.NameResolution, context, options, identities, faults, logger);
        var outside = new OutsideWorld(options, components, context.Environment);
        await outside.OpenAsync(resources.HttpEndpoints, faults, cancellation);
        BuildingBlocks.Actors.ActorState.Check(components, options.Apps, faults);
        if (faults.Count > 0)
        {
            pipeline.Dispose();
            await outside.DisposeAsync();
            await (remote?.DisposeAsync() ?? ValueTask.CompletedTask);
            await components.DisposeAsync();
            throw new SidecarConfigurationException(faults);
        }

        var jobs = new JobStore(options);
        components.Own(jobs);
        components.Own(pipeline);
        var starters = new List<AppStarter>();
        foreach (var app in options.Apps)
        {
            var runtime = new AppRuntime(app, options, configuration, components, apps, outside.For(app.AppId)) { Middleware = pipeline.App, Tracing = AppTracing.Of(configuration.Tracing, app.AppId, logger), Resilience = ResilienceTable.For(app.AppId, resources.Resiliencies, options.Clock), Remote = remote, Jobs = jobs, Workload = identities?.Of(app.AppId) };
            apps.Add(runtime);
            starters.Add(new AppStarter(runtime, subscriptions.Of(app.AppId), logger));
        }

        var listeners = new Dictionary<string, AppListeners>();
        var calls = options.WatchesResources ? new CallsUnderWay() : null;
        var host = new SidecarHost(Build(options, loggers, listeners, apps, identities, pipeline.Api, calls), components, outside, remote, apps, starters, listeners, options.ShutdownTimeout);
        try
        {
            await host._web.StartAsync(cancellation);
            host._metrics = await MetricsServer.StartAsync(options, configuration.Metrics, loggers, cancellation);
            ComponentMetrics.Tell(apps.All);
            remote?.Register(listeners.Select(l => (l.Key, l.Value.InternalAddress(context.Environment))), () => Guid.NewGuid().ToString());
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        starters.ForEach(s => s.Start());
        if (calls is not null)
        {
            host._reload = new ComponentReload(options, context, components, calls, starters, logger);
            host._watcher = new ResourceWatcher(ResourceLoader.Paths(options).Select(p => p.Path), new ResourceReload(options, starters, resources, host._reload, outside, logger).RunAsync, logger);
        }

        return host;
    }

    /// <summary>Empty, but for what ends with the components.</summary>
    private static ComponentCatalog Catalog(WorkloadIdentities? identities)
    {
        var catalog = new ComponentCatalog();
        if (identities is not null)
        {
            catalog.Own(identities);
        }

        return catalog;
    }

    private static RemoteSidecars? Names(NameResolutionSetting? setting, ComponentContext context, SidecarOptions options, WorkloadIdentities? identities, List<string> faults, ILogger logger)
    {
        try
        {
            return setting is null ? null : new RemoteSidecars(SqliteNames.Open(setting, context.WorkingDirectory, options.Clock), setting.UpdateInterval, (int)options.MaxBodySize, identities, logger);
        }
        catch (Exception error) when (error is ArgumentException or Microsoft.Data.Sqlite.SqliteException)
        {
            faults.Add($"{setting!.Source}: the name resolution's file can't be used: {error.Message}");
            return null;
        }
    }

    private static WebApplication Build(SidecarOptions options, ILoggerFactory loggers, Dictionary<string, AppListeners> listeners, AppDirectory apps, WorkloadIdentities? identities, IReadOnlyList<IHttpMiddleware> pipeline, CallsUnderWay? calls)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.RemoveAll<ILoggerFactory>();
        builder.Services.RemoveAll<IHostLifetime>();
        builder.Services.AddSingleton<IHostLifetime, UnsignalledLifetime>();
        builder.Services.AddSingleton<ILoggerFactory>(new ServerLoggers(loggers));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc(grpc => (grpc.MaxReceiveMessageSize, grpc.MaxSendMessageSize) = ((int)options.MaxBodySize, (int)options.MaxBodySize));
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<DaprGrpc>, DaprMethodProvider>());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceMethodProvider<InternalsGrpc>, InternalsMethodProvider>());
        // Made when somebody asks: the descriptors of the whole API are thousands of types that no app's call needs.
        builder.Services.AddSingleton(_ => new ReflectionServiceImpl(DaprReflection.Descriptor.Services));
        builder.Services.AddSingleton(_ => new ReflectionV1ServiceImpl(DaprReflection.Descriptor.Services));
        // Calls share their time with the deliveries before them.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        // A sidecar's connections are few and busy: each has its buffer ready, in place of a look whether there is something to read.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.WaitForDataBeforeAllocatingBuffer = false);
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton<IConnectionListenerFactory, HttpApiListeners>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Each API enforces MaxBodySize itself, with daprd's answers.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.MaxHeaderSize;
            kestrel.Limits.MaxRequestLineSize = Math.Min(kestrel.Limits.MaxRequestLineSize, options.MaxHeaderSize);
            foreach (var app in options.Apps)
            {
                listeners[app.AppId] = AppListeners.Open(kestrel, options, app, identities?.Of(app.AppId));
            }
        });
        options.Services?.Invoke(builder.Services);
        var web = builder.Build();
        web.Use(new PortedApps(listeners, apps, new ServerServices(web.Services)).InvokeAsync);
        web.UseRequestMetrics(options.Clock);
        web.UseCors(Cors.Of(options.AllowedOrigins));
        web.UseApiToken();
        web.UseHttpPipeline(pipeline);
        web.UseApiLog(options.Clock, loggers.CreateLogger("EdgeMesh.Sidecar.Api"));
        web.UseApiLists();
        web.UseRequestTrace(Random.Shared.NextDouble);
        web.UseGrpcProxy();
        web.UseInvocation();
        web.UseCallsUnderWay(calls);
        web.UseMethodLookup();
        web.UseRouting();
        web.UseExactPaths();
        web.MapGrpcService<DaprGrpc>();
        web.MapGrpcService<InternalsGrpc>();
        web.MapGrpcService<ReflectionServiceImpl>();
        web.MapGrpcService<ReflectionV1ServiceImpl>();
        foreach (var block in ServedBlock.All)
        {
            block.Routes(web);
        }

        return web;
    }

    private static Dictionary<string, string> ProcessEnvironment() =>
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);

    /// <summary>Ends what brings messages and events of bindings to apps; everything else goes on. Returns when they have none in hand.</summary>
    internal Task EndInflowAsync() => Task.WhenAll(_starters.Select(s => s.EndInflowAsync()));

    /// <summary>Whether calls or deliveries took longer than they may when the sidecar stopped, and were cut off.</summary>
    internal bool IsCutOff { get; private set; }

    /// <summary>What an app has not answered by then comes again elsewhere.</summary>
    private async Task<bool> TryEndDeliveriesAsync(CancellationToken limit, CancellationToken last)
    {
        var ended = Task.WhenAll(_starters.Select(s => s.DisposeAsync().AsTask()));
        try
        {
            await ended.WaitAsync(limit);
            return true;
        }
        catch (OperationCanceledException)
        {
            // Its brokers keep what was not acknowledged.
            foreach (var app in _apps.All)
            {
                app.Drain.End();
            }

            await ended.WaitAsync(last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
    }

    private async Task<bool> TryStopServingAsync(CancellationToken limit)
    {
        try
        {
            await _web.StopAsync(limit);
        }
        catch (OperationCanceledException)
        {
            // Calls that are left end with their connections.
        }

        return !limit.IsCancellationRequested;
    }

    /// <summary>For tests, before <see cref="EndAsync"/>: nobody is answered any more. Connections break off in the middle of their calls, and the ports are free.</summary>
    internal Task CutAsync() => _web.Services.GetRequiredService<IServer>().StopAsync(new CancellationToken(canceled: true));

    /// <summary>Blocks new messages, ends subscriptions, finishes calls in flight, closes components.</summary>
    public ValueTask DisposeAsync() => EndAsync(_shutdownTimeout);

    /// <param name="shutdownTimeout">How long calls in flight may take to end.</param>
    internal async ValueTask EndAsync(TimeSpan shutdownTimeout)
    {
        // Calls are made by others, whatever clock a test gave to this process.
        using CancellationTokenSource limit = new(shutdownTimeout), last = new(shutdownTimeout + AnswerTime);
        if (_watcher is not null)
        {
            // A change that is being taken over may wait for what an app has in hand.
            await _watcher.DisposeAsync().AsTask().WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        var isInTime = await TryEndDeliveriesAsync(limit.Token, last.Token);

        if (_remote is not null)
        {
            // Others look for these apps elsewhere; what these call goes on.
            await _remote.WithdrawAsync();
        }

        if (_metrics is not null)
        {
            await _metrics.DisposeAsync();
        }

        isInTime &= await TryStopServingAsync(last.Token);

        // Whoever gives no time at all wants everything cut off.
        IsCutOff = !isInTime && shutdownTimeout > TimeSpan.Zero;
        await _web.DisposeAsync();
        if (_remote is not null)
        {
            await _remote.DisposeAsync();
        }

        foreach (var app in _apps.All)
        {
            app.Dispose();
        }

        if (_reload is not null)
        {
            await _reload.DisposeAsync();
        }

        await _outside.DisposeAsync();
        await _components.DisposeAsync();
    }
}
