using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.BindingsCron;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>What a binding tells its app: it does not come again, whatever the app makes of it.</summary>
/// <param name="Binding">The component's name.</param>
/// <param name="Route">Where an HTTP app takes it.</param>
/// <param name="Metadata">What there is to know.</param>
internal sealed record BindingEvent(string Binding, string Route, IReadOnlyDictionary<string, string> Metadata);

/// <summary>The input bindings that an app reads: those whose component says <c>direction: input</c>, and those that the app asks for.</summary>
internal sealed partial class InputBindings(AppRuntime app, Func<BindingEvent, CancellationToken, Task> deliver, ILogger logger) : IAsyncDisposable
{
    /// <summary>Fields of the component that are read here, for all types.</summary>
    public static readonly string[] Fields = ["direction", "route"];

    /// <summary>Events that the app has in hand; an app that does not keep up misses the next.</summary>
    private const int InHandLimit = 16;

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _reading = [];
    private readonly SemaphoreSlim _inHand = new(InHandLimit);

    public static async Task<IAsyncDisposable> StartAsync(AppArrival arrival, CancellationToken cancellation)
    {
        var (app, channel, logger) = (arrival.App, arrival.Channel, arrival.Logger);
        var components = app.Components.Where(c => c.Driver is CronBinding).ToArray();
        IBindingApp reader = channel.Callbacks is { } callbacks ? new GrpcBindingApp(app, callbacks, logger) : new HttpBindingApp(app, channel, logger);
        var bindings = new InputBindings(app, reader.DeliverAsync, logger);
        foreach (var component in components)
        {
            var (name, route) = (component.Spec.Name, Route(component.Spec));
            if (IsInput(component.Spec) || await reader.WantsAsync(name, route, cancellation))
            {
                bindings._reading.Add(bindings.ReadAsync((CronBinding)component.Driver!, name, route));
            }
        }

        return bindings;
    }

    private static string Route(ComponentSpec spec) => "/" + (spec["route"] is { Length: > 0 } given ? given : spec.Name).TrimStart('/');

    private static bool IsInput(ComponentSpec spec) =>
        (spec["direction"] ?? "").Split(',', StringSplitOptions.TrimEntries).Contains("input", StringComparer.OrdinalIgnoreCase);

    private async Task ReadAsync(CronBinding binding, string name, string route)
    {
        try
        {
            await binding.ReadAsync(metadata => _ = HandAsync(new BindingEvent(name, route, metadata)), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
        }
    }

    private async Task HandAsync(BindingEvent happened)
    {
        if (!_inHand.Wait(TimeSpan.Zero, CancellationToken.None))
        {
            LogMissed(app.AppId, happened.Binding, InHandLimit);
            return;
        }

        try
        {
            await deliver(happened, _stop.Token);
        }
        finally
        {
            _inHand.Release();
        }
    }

    /// <summary>Ends the reading, and waits for what the app has in hand.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_reading);
        for (var i = 0; i < InHandLimit; i++)
        {
            await _inHand.WaitAsync();
        }

        _stop.Dispose();
        _inHand.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "{App} has {Limit} events of bindings in hand, and misses one of {Binding}")]
    private partial void LogMissed(string app, string binding, int limit);
}
