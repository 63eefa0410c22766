using System.Diagnostics;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>What a binding tells its app: but for the component's inbound policy it does not come again, whatever the app makes of it.</summary>
/// <param name="Binding">The component's name.</param>
/// <param name="Route">Where an HTTP app takes it.</param>
/// <param name="Metadata">What there is to know.</param>
internal sealed record BindingEvent(string Binding, string Route, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>What it brings.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>The span below which the app's are; null: nothing is traced.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>The input bindings that an app reads: those whose component says <c>direction: input</c>, and those that the app asks for.</summary>
internal sealed partial class InputBindings(AppRuntime app, IBindingApp reader, ILogger logger) : IAsyncDisposable
{
    /// <summary>Fields of the component that are read here, for all types.</summary>
    public static readonly string[] Fields = ["direction", "route"];

    /// <summary>Events that the app has in hand; with the next it waits, or is missed.</summary>
    private const int InHandLimit = 16;

    private static readonly InputAnswer Stopped = new(default, "the sidecar stops");

    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _reading = [];
    private readonly SemaphoreSlim _inHand = new(InHandLimit);

    public static async Task<IAsyncDisposable> StartAsync(AppArrival arrival, CancellationToken cancellation)
    {
        var (app, channel, logger) = (arrival.App, arrival.Channel, arrival.Logger);
        var components = app.Components.Where(c => c.Spec.Type.StartsWith("bindings.", StringComparison.Ordinal)).ToLookup(c => c.Driver is not null);
        IBindingApp reader = channel.Callbacks is { } callbacks ? new GrpcBindingApp(app, callbacks, logger) : new HttpBindingApp(app, channel, logger);
        var wanted = new List<OpenComponent>();
        foreach (var component in components[true])
        {
            if (await IsReadAsync(component, reader, cancellation))
            {
                wanted.Add(component);
            }
        }

        // Only now: nothing is read twice when the asking is given up and begun anew.
        var bindings = new InputBindings(app, reader, logger);
        bindings._reading.AddRange(wanted.Select(bindings.ReadAsync));
        bindings._reading.AddRange(components[false].Where(c => c.Shared.IsAwaited).Select(bindings.ReadLaterAsync));
        return bindings;
    }

    private static async Task<bool> IsReadAsync(OpenComponent component, IBindingApp reader, CancellationToken cancellation) =>
        component.Driver is IInputBinding { IsRead: true } && (IsInput(component.Spec) || await reader.WantsAsync(component.Spec.Name, Route(component.Spec), cancellation));

    private static string Route(ComponentSpec spec) => "/" + (spec["route"] is { Length: > 0 } given ? given : spec.Name).TrimStart('/');

    private static bool IsInput(ComponentSpec spec) =>
        (spec["direction"] ?? "").Split(',', StringSplitOptions.TrimEntries).Contains("input", StringComparer.OrdinalIgnoreCase);

    /// <summary>When its server has answered, which may be never.</summary>
    private async Task ReadLaterAsync(OpenComponent component)
    {
        try
        {
            await component.Shared.Opened.WaitAsync(_stop.Token);
            if (!await IsReadAsync(component, reader, _stop.Token))
            {
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
            return;
        }

        await ReadAsync(component);
    }

    private async Task ReadAsync(OpenComponent component)
    {
        var (binding, spec, route) = ((IInputBinding)component.Driver!, component.Spec, Route(component.Spec));
        try
        {
            await binding.ReadAsync(happened => HandAsync(new BindingEvent(spec.Name, route, happened.Metadata) { Data = happened.Data }, spec, binding.IsMissable), _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops.
        }
    }

    private async Task<InputAnswer> HandAsync(BindingEvent happened, ComponentSpec spec, bool isMissable)
    {
        if (isMissable && !_inHand.Wait(TimeSpan.Zero, CancellationToken.None))
        {
            LogMissed(app.AppId, happened.Binding, InHandLimit);
            return new InputAnswer(default, "the app has too much in hand");
        }

        try
        {
            await (isMissable ? Task.CompletedTask : _inHand.WaitAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            return Stopped;
        }

        try
        {
            return await DeliverAsync(happened, spec);
        }
        finally
        {
            _inHand.Release();
        }
    }

    private async Task<InputAnswer> DeliverAsync(BindingEvent happened, ComponentSpec spec)
    {
        using var span = app.Tracing?.Start($"bindings/{happened.Binding}", ActivityKind.Client, null, null, Random.Shared.NextDouble());
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("db.system", "bindings"), ("db.name", happened.Binding), ("db.connection_string", $"POST {happened.Route}"), ("rpc.service", "Dapr")])
        {
            span?.Tag(name, value);
        }

        happened = happened with { TraceParent = span?.Parent };
        using var work = app.Drain.Start(_stop.Token);
        try
        {
            var reply = app.Resilience.Inbound(spec) is { } policy
                ? await policy.RunAsync(token => TryAsync(happened, token), static r => r.Refusal?.Failure, work.Token)
                : await TryAsync(happened, work.Token);
            return reply.Refusal is null ? new InputAnswer(reply.Data, null) : Gone(happened, reply.Refusal.Reason);
        }
        catch (Exception error) when (error is TimeoutException or CircuitOpenException)
        {
            return Gone(happened, error.Message);
        }
        catch (OperationCanceledException)
        {
            return Stopped;
        }
    }

    private InputAnswer Gone(BindingEvent happened, string reason)
    {
        LogGone(app.AppId, happened.Binding, reason);
        return new InputAnswer(default, reason);
    }

    private async Task<BindingReply> TryAsync(BindingEvent happened, CancellationToken cancellation)
    {
        var clock = app.Process.Clock;
        var began = clock.GetTimestamp();
        var reply = await reader.DeliverAsync(happened, cancellation);
        BindingMetrics.Delivered(app, happened.Binding, reply.Refusal is null, clock.GetElapsedTime(began));
        return reply;
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

    [LoggerMessage(LogLevel.Warning, "{App} did not take an event of binding {Binding}: {Reason}")]
    private partial void LogGone(string app, string binding, string reason);

    [LoggerMessage(LogLevel.Warning, "{App} has {Limit} events of bindings in hand, and misses one of {Binding}")]
    private partial void LogMissed(string app, string binding, int limit);
}
