using System.Diagnostics;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.BindingsCron;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>What a binding tells its app: but for the component's inbound policy it does not come again, whatever the app makes of it.</summary>
/// <param name="Binding">The component's name.</param>
/// <param name="Route">Where an HTTP app takes it.</param>
/// <param name="Metadata">What there is to know.</param>
internal sealed record BindingEvent(string Binding, string Route, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The span below which the app's are; null: nothing is traced.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>The input bindings that an app reads: those whose component says <c>direction: input</c>, and those that the app asks for.</summary>
internal sealed partial class InputBindings(AppRuntime app, IBindingApp reader, ILogger logger) : IAsyncDisposable
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
        var bindings = new InputBindings(app, reader, logger);
        foreach (var component in components)
        {
            var (name, route) = (component.Spec.Name, Route(component.Spec));
            if (IsInput(component.Spec) || await reader.WantsAsync(name, route, cancellation))
            {
                bindings._reading.Add(bindings.ReadAsync((CronBinding)component.Driver!, component.Spec, route));
            }
        }

        return bindings;
    }

    private static string Route(ComponentSpec spec) => "/" + (spec["route"] is { Length: > 0 } given ? given : spec.Name).TrimStart('/');

    private static bool IsInput(ComponentSpec spec) =>
        (spec["direction"] ?? "").Split(',', StringSplitOptions.TrimEntries).Contains("input", StringComparer.OrdinalIgnoreCase);

    private async Task ReadAsync(CronBinding binding, ComponentSpec spec, string route)
    {
        try
        {
            await binding.ReadAsync(metadata => _ = HandAsync(new BindingEvent(spec.Name, route, metadata), spec), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
        }
    }

    private async Task HandAsync(BindingEvent happened, ComponentSpec spec)
    {
        if (!_inHand.Wait(TimeSpan.Zero, CancellationToken.None))
        {
            LogMissed(app.AppId, happened.Binding, InHandLimit);
            return;
        }

        try
        {
            await DeliverAsync(happened, spec);
        }
        finally
        {
            _inHand.Release();
        }
    }

    private async Task DeliverAsync(BindingEvent happened, ComponentSpec spec)
    {
        using var span = app.Tracing?.Start($"bindings/{happened.Binding}", ActivityKind.Client, null, null, Random.Shared.NextDouble());
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("db.system", "bindings"), ("db.name", happened.Binding), ("db.connection_string", $"POST {happened.Route}"), ("rpc.service", "Dapr")])
        {
            span?.Tag(name, value);
        }

        happened = happened with { TraceParent = span?.Parent };
        try
        {
            var refusal = app.Resilience.Inbound(spec) is { } policy
                ? await policy.RunAsync(token => TryAsync(happened, token), static r => r?.Failure, _stop.Token)
                : await TryAsync(happened, _stop.Token);
            if (refusal is not null)
            {
                LogGone(app.AppId, happened.Binding, refusal.Reason);
            }
        }
        catch (Exception error) when (error is TimeoutException or CircuitOpenException)
        {
            LogGone(app.AppId, happened.Binding, error.Message);
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
        }
    }

    private async Task<BindingRefusal?> TryAsync(BindingEvent happened, CancellationToken cancellation)
    {
        var clock = app.Process.Clock;
        var began = clock.GetTimestamp();
        var refusal = await reader.DeliverAsync(happened, cancellation);
        BindingMetrics.Delivered(app, happened.Binding, refusal is null, clock.GetElapsedTime(began));
        return refusal;
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

    [LoggerMessage(LogLevel.Warning, "{App} did not take an event of binding {Binding}, which is gone: {Reason}")]
    private partial void LogGone(string app, string binding, string reason);

    [LoggerMessage(LogLevel.Warning, "{App} has {Limit} events of bindings in hand, and misses one of {Binding}")]
    private partial void LogMissed(string app, string binding, int limit);
}
