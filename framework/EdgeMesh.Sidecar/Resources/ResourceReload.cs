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
    private ResourceLoader _current = current;

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

        if (await components.RunAsync(_components, next.Components, cancellation))
        {
            _components = next.Components;
        }

        var changed = ResourceLoader.Kinds.Where(kind => _current.TextOf(kind) != next.TextOf(kind)).ToArray();
        var before = _current;
        _current = next;
        foreach (var kind in changed)
        {
            await ApplyAsync(kind, before, next, subscriptions, cancellation);
        }
    }

    private async Task ApplyAsync(string kind, ResourceLoader before, ResourceLoader next, DeclaredSubscriptions subscriptions, CancellationToken cancellation)
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
                if (next.TextOfMiddlewares != before.TextOfMiddlewares)
                {
                    LogLater(logger, "middleware");
                }

                break;
            case "HTTPEndpoint":
                await OpenEndpointsAsync(next, cancellation);
                break;
        }
    }

    private async Task OpenEndpointsAsync(ResourceLoader next, CancellationToken cancellation)
    {
        var faults = new List<string>();
        await outside.OpenAsync(next.HttpEndpoints, faults, cancellation);
        if (faults.Count > 0)
        {
            faults.ForEach(f => LogFault(logger, f));
            return;
        }

        foreach (var app in apps)
        {
            app.App.Endpoints = outside.For(app.App.AppId);
        }

        LogTaken(logger, "HTTPEndpoint");
    }

    [LoggerMessage(LogLevel.Error, "The changed resources are not taken over: {Fault}")]
    private static partial void LogFault(ILogger logger, string fault);

    [LoggerMessage(LogLevel.Information, "The changed {Kind} resources are taken over")]
    private static partial void LogTaken(ILogger logger, string kind);

    [LoggerMessage(LogLevel.Warning, "{Kind} resources have changed: that takes effect when the sidecar is started again")]
    private static partial void LogLater(ILogger logger, string kind);
}
