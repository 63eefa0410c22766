using System.Collections.Concurrent;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>The actors that one app hosts, by HTTP or by one of its streams: activates them by their first call, gives calls their turns, deactivates idle ones.</summary>
internal sealed partial class ActorHost(AppRuntime app, IActorTransport transport, IReadOnlyDictionary<string, ActorSettings> types, ILogger logger) : IAsyncDisposable
{
    /// <summary>Calls that may wait for one actor.</summary>
    private const int QueueLimit = 1024;

    /// <summary>Actors that may be active at a time.</summary>
    private const int ActiveLimit = 100_000;

    private static readonly TimeSpan DeactivationLimit = TimeSpan.FromSeconds(60);

    /// <summary>An app whose next stream takes over may be deaf on the one before.</summary>
    private static readonly TimeSpan ReplacedLimit = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<ActorAddress, ActorInstance> _active = new();
    private readonly CancellationTokenSource _stop = new();
    private int _count;

    public string AppId => app.AppId;

    public IEnumerable<string> Types => types.Keys;

    public TimeProvider Clock => app.Process.Clock;

    public ActorTimers Timers { get; } = new(app, logger);

    public bool Hosts(string type) => types.ContainsKey(type);

    public bool IsActive(ActorAddress actor) => _active.ContainsKey(actor);

    public int CountActive(string type) => _active.Keys.Count(a => a.Type == type);

    /// <summary>Calls an actor of this app in its turn. The answer is whole, so the turn is over.</summary>
    /// <returns>Null: the actor was deactivated or moved before its turn came. Look it up again.</returns>
    /// <exception cref="DaprFault">The call can't be made, or the app's answer is no success.</exception>
    public async Task<HttpResponseMessage?> CallAsync(ActorCall call, CancellationToken cancellation)
    {
        var chain = call.Chain;
        if (chain is null && types[call.Actor.Type].Reentrant)
        {
            chain = Guid.NewGuid().ToString();
            call.Request.Headers.TryAddWithoutValidation(ActorCall.ReentrancyHeader, chain);
        }

        if (Find(call.Actor) is not { } instance)
        {
            return null;
        }

        ActorMetrics.Calls(AppId, call.Actor.Type, 1);
        try
        {
            return await CallAsync(instance, chain, call, cancellation);
        }
        finally
        {
            ActorMetrics.Calls(AppId, call.Actor.Type, -1);
        }
    }

    private async Task<HttpResponseMessage?> CallAsync(ActorInstance instance, string? chain, ActorCall call, CancellationToken cancellation)
    {
        switch (await instance.EnterAsync(chain, cancellation))
        {
            case Turn.Entered:
                return await TakeTurnAsync(instance, call, cancellation);
            case Turn.TooDeep:
                throw ActorFaults.StackDepth();
            case Turn.QueueFull:
                throw ActorFaults.Busy($"{QueueLimit} calls of {call.Actor} wait already");
            default:
                await instance.Ended.WaitAsync(cancellation);
                return null;
        }
    }

    /// <summary>The type's time limit is for the turn: waiting for it does not count.</summary>
    private async Task<HttpResponseMessage> TakeTurnAsync(ActorInstance instance, ActorCall call, CancellationToken cancellation)
    {
        try
        {
            return app.Resilience.ActorTurn(call.Actor.Type) is { } limit
                ? await SendAsync(limit, instance, call, cancellation)
                : await SendAsync(instance, call, cancellation);
        }
        finally
        {
            instance.Leave(Clock.GetUtcNow());
        }
    }

    /// <summary>Null: the actor moved while the call was on its way. Ownership is read after the instance is in the table, where a move looks
    /// for what it must drain: so one of the two sees the other.</summary>
    private ActorInstance? Find(ActorAddress actor)
    {
        if (!_active.TryGetValue(actor, out var instance))
        {
            instance = Activate(actor);
        }

        if (app.Directory.Actors.Owns(this, actor))
        {
            return instance;
        }

        if (instance.TryCloseUnused())
        {
            Remove(actor, instance);
        }

        return null;
    }

    private ActorInstance Activate(ActorAddress actor)
    {
        if (_count >= ActiveLimit)
        {
            throw ActorFaults.Busy($"{ActiveLimit} actors of {AppId} are active already");
        }

        var made = new ActorInstance(types[actor.Type], QueueLimit, Clock.GetUtcNow());
        var instance = _active.GetOrAdd(actor, made);
        if (ReferenceEquals(instance, made))
        {
            Interlocked.Increment(ref _count);
            _ = WatchAsync(actor, instance);
        }

        return instance;
    }

    private Task<HttpResponseMessage> SendAsync(ResiliencePolicy limit, ActorInstance instance, ActorCall call, CancellationToken cancellation) =>
        limit.RunAsync(token => SendAsync(instance, call, token), cancellation);

    private async Task<HttpResponseMessage> SendAsync(ActorInstance instance, ActorCall call, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation, instance.Aborted);
        try
        {
            return await transport.CallAsync(call, ended.Token);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw ActorFaults.Unreachable(error.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw ActorFaults.Invoke("context canceled");
        }
    }

    /// <summary>Deactivates an actor when it has been idle for its type's time.</summary>
    private async Task WatchAsync(ActorAddress actor, ActorInstance instance)
    {
        try
        {
            for (DateTimeOffset? next = Clock.GetUtcNow() + instance.Settings.IdleTimeout; next is { } moment;)
            {
                await Moment.WaitAsync(moment, Clock, _stop.Token);
                if (instance.TryCloseIdle(Clock.GetUtcNow(), out next))
                {
                    await DeactivateAsync(actor, instance, DeactivationLimit, Clock);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The host stops, and drains what is active.
        }
    }

    /// <summary>Tells the app. What it answers changes nothing: the actor is gone here, and its next call makes a new one.</summary>
    private async Task DeactivateAsync(ActorAddress actor, ActorInstance instance, TimeSpan patience, TimeProvider clock)
    {
        try
        {
            using var limit = new CancellationTokenSource(patience, clock);
            await transport.DeactivateAsync(actor, limit.Token);
        }
        catch (Exception error) when (error is DaprFault or HttpRequestException or IOException or OperationCanceledException)
        {
            LogDeactivation(AppId, actor, error.Message);
        }

        ActorMetrics.Deactivated(AppId, actor.Type);
        Remove(actor, instance);
    }

    private void Remove(ActorAddress actor, ActorInstance instance)
    {
        _active.TryRemove(new(actor, instance));
        Interlocked.Decrement(ref _count);
        instance.End();
    }

    /// <summary>Deactivates actors that moved, each after its call under way.</summary>
    /// <param name="isGone">Which.</param>
    /// <param name="isReplaced">Whether they moved to another stream of the app, which is real whatever the clock.</param>
    public Task DrainAsync(Func<ActorAddress, bool> isGone, bool isReplaced = false) => Task.WhenAll(_active.Where(a => isGone(a.Key)).Select(async a =>
    {
        if (await a.Value.CloseAsync(a.Value.Settings.DrainMoved ? a.Value.Settings.DrainTimeout : TimeSpan.Zero, Clock))
        {
            await (isReplaced ? DeactivateAsync(a.Key, a.Value, ReplacedLimit, TimeProvider.System) : DeactivateAsync(a.Key, a.Value, DeactivationLimit, Clock));
        }
    }));

    /// <summary>Deactivates all: the sidecar stops, in real time whatever its clock.</summary>
    public Task DrainAllAsync(TimeSpan limit) => Task.WhenAll(_active.Select(async a =>
    {
        if (await a.Value.CloseAsync(a.Value.Settings.DrainTimeout < limit ? a.Value.Settings.DrainTimeout : limit, TimeProvider.System))
        {
            await DeactivateAsync(a.Key, a.Value, DeactivationLimit, Clock);
        }
    }));

    /// <summary>Ends what waits for the clock: timers first, so that none fires into the drain.</summary>
    public async ValueTask DisposeAsync()
    {
        Timers.Stop();
        await app.Directory.Actors.LeaveAsync(this, app.Process.ShutdownTimeout);
        await _stop.CancelAsync();
    }

    [LoggerMessage(LogLevel.Warning, "{App} was told that actor {Actor} is deactivated, and did not take it: {Reason}")]
    private partial void LogDeactivation(string app, ActorAddress actor, string reason);
}
