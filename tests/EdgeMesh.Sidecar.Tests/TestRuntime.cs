using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resources;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Sidecar.Tests;

/// <summary>App <c>alpha</c> as building blocks see it, with drivers that a test makes, and no sidecar around it.</summary>
internal sealed class TestRuntime : IAsyncDisposable
{
    private readonly ComponentCatalog _catalog = new();
    private readonly JobStore _jobs;
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler());

    public TestRuntime(Uri? endpoint = null, TimeProvider? clock = null)
    {
        var options = new SidecarOptions { Namespace = "core", Clock = clock ?? TimeProvider.System, Apps = [new SidecarAppOptions { AppId = "alpha", AppEndpoint = endpoint, AsksForSubscriptions = false }] };
        _jobs = new JobStore(options);
        App = new AppRuntime(options.Apps[0], options, RuntimeConfiguration.None, _catalog, new AppDirectory(), new ExternalEndpoints(new Dictionary<string, ExternalEndpoint>(), _client)) { Jobs = _jobs };
    }

    public AppRuntime App { get; }

    /// <summary>As an app that has just answered.</summary>
    public AppArrival Arrival(params Subscription[] declared) => new(App, App.Channel!, declared, NullLogger.Instance);

    /// <summary>The app has this component from now on, in the place of one of that name.</summary>
    public void Put(string name, string type, ComponentDriver driver, params (string Name, string Value)[] metadata)
    {
        var names = new HashSet<string> { name };
        var next = _catalog.Without(names);
        next.TryAdd(App.AppId, new OpenComponent(new ComponentSpec(name, type, "v1", metadata.ToDictionary(m => m.Name, m => m.Value)), driver));
        _catalog.Take(next, names);
    }

    public async ValueTask DisposeAsync()
    {
        App.Dispose();
        _client.Dispose();
        await _jobs.DisposeAsync();
        await _catalog.DisposeAsync();
    }
}
