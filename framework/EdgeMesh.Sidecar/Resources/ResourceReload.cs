using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Takes changed resources over while the sidecar runs. What is faulty changes nothing, and is told. Middleware needs a restart, and
/// that is told too.</summary>
internal sealed partial class ResourceReload(SidecarOptions options, IReadOnlyList<AppStarter> apps, ResourceLoader current, ComponentReload components, OutsideWorld outside, ILogger logger)
{
    /// <summary>What was read last of each kind that is taken over, or told of: a kind that failed is looked at again with the next change of anything.</summary>
    private readonly Dictionary<string, ResourceLoader> _taken = ResourceLoader.Kinds.ToDictionary(kind => kind, _ => current);

    /// <summary>Those that are open: a faulty change leaves them behind the files.</summary>
    private IReadOnlyList<ComponentResource> _components = current.Components;

    public async Task RunAsync(CancellationToken cancellation)
    {
        var faults = new List<string>();
        var next = ResourceLoader.Load(options, faults);
        var subscriptions = DeclaredSubscriptions.From(next, faults);
        if (faults.Count > 0)
        {
            faults.ForEach(f => LogFault(logger, f));
            return;
        }

        await TryAsync("Component", () => ReplaceComponentsAsync(next, cancellation), cancellation);
        foreach (var kind in ResourceLoader.Kinds.Where(kind => _taken[kind].TextOf(kind) != next.TextOf(kind)))
        {
            await TryAsync(kind, () => ApplyAsync(kind, next, subscriptions, cancellation), cancellation);
        }
    }

    /// <summary>Whatever one kind throws, those after it are taken over.</summary>
    private async Task TryAsync(string kind, Func<Task> change, CancellationToken cancellation)
    {
        try
        {
            await change();
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            LogFault(logger, $"{kind}: {error.Message}");
        }
    }

    private async Task ReplaceComponentsAsync(ResourceLoader next, CancellationToken cancellation)
    {
        if (await components.RunAsync(_components, next.Components, cancellation))
        {
            _components = next.Components;
        }
    }

    private async Task ApplyAsync(string kind, ResourceLoader next, DeclaredSubscriptions subscriptions, CancellationToken cancellation)
    {
        switch (kind)
        {
            case "Resiliency":
                foreach (var app in apps)
                {
                    app.App.Resilience = ResilienceTable.For(app.App.AppId, next.Resiliencies, options.Clock);
                }

                LogTaken(logger, kind);
                break;
            case "Subscription":
                foreach (var app in apps)
                {
                    await app.SubscribeAgainAsync(subscriptions.Of(app.App.AppId), cancellation);
                }

                LogTaken(logger, kind);
                break;
            case "Component":
                if (next.TextOfMiddlewares != _taken[kind].TextOfMiddlewares)
                {
                    LogLater(logger, "middleware");
                }

                break;
            case "HTTPEndpoint" when !await TryOpenEndpointsAsync(next, cancellation):
                return;
        }

        _taken[kind] = next;
    }

    private async Task<bool> TryOpenEndpointsAsync(ResourceLoader next, CancellationToken cancellation)
    {
        var faults = new List<string>();
        await outside.OpenAsync(next.HttpEndpoints, faults, cancellation);
        if (faults.Count > 0)
        {
            faults.ForEach(f => LogFault(logger, f));
            return false;
        }

        foreach (var app in apps)
        {
            app.App.Endpoints = outside.For(app.App.AppId);
        }

        LogTaken(logger, "HTTPEndpoint");
        return true;
    }

    [LoggerMessage(LogLevel.Error, "The changed resources are not taken over: {Fault}")]
    private static partial void LogFault(ILogger logger, string fault);

    [LoggerMessage(LogLevel.Information, "The changed {Kind} resources are taken over")]
    private static partial void LogTaken(ILogger logger, string kind);

    [LoggerMessage(LogLevel.Warning, "{Kind} resources have changed: that takes effect when the sidecar is started again")]
    private static partial void LogLater(ILogger logger, string kind);
}
