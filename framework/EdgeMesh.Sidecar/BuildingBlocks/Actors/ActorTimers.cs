using System.Collections.Concurrent;
using EdgeMesh.Sidecar.Apps;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>The timers that an app registered. They live as long as the sidecar, and call the actor wherever it is.</summary>
internal sealed partial class ActorTimers(AppRuntime app, ILogger logger)
{
    private const int Limit = 100_000;

    private readonly ConcurrentDictionary<(ActorAddress, string), CancellationTokenSource> _timers = new();
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Takes the place of one of that name.</summary>
    public void Register(ActorTimer timer)
    {
        if (_timers.Count >= Limit)
        {
            throw ActorFaults.Timer($"{app.AppId} has {Limit} timers already. Delete some, or use fewer actors with timers");
        }

        var end = new CancellationTokenSource();
        _timers.AddOrUpdate((timer.Actor, timer.Callback.Name), end, (_, old) =>
        {
            old.Cancel();
            return end;
        });
        _ = RunAsync(timer, end);
    }

    public void Unregister(ActorAddress actor, string name)
    {
        if (_timers.TryRemove((actor, name), out var end))
        {
            end.Cancel();
        }
    }

    /// <summary>None fires any more; calls under way end with their actors.</summary>
    public void Stop()
    {
        _stop.Cancel();
        foreach (var end in _timers.Values)
        {
            end.Cancel();
        }
    }

    private async Task RunAsync(ActorTimer timer, CancellationTokenSource end)
    {
        var clock = app.Process.Clock;
        ActorMetrics.Timers(app, timer.Actor.Type, 1);
        try
        {
            for (var when = timer.When; when is not null && !_stop.IsCancellationRequested; when = when.Next(clock.GetUtcNow()))
            {
                await Moment.WaitAsync(when.Due, clock, end.Token);
                if (!await FireAsync(timer))
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Deleted, replaced, or the sidecar stops.
        }

        ActorMetrics.Timers(app, timer.Actor.Type, -1);
        _timers.TryRemove(new((timer.Actor, timer.Callback.Name), end));
    }

    /// <summary>A timer's call that fails is not repeated: the next one comes anyway. Deleting a timer does not end its call under way, which
    /// may be the very one that deletes it.</summary>
    /// <returns>Whether it goes on.</returns>
    private async Task<bool> FireAsync(ActorTimer timer)
    {
        try
        {
            using var request = timer.Callback.Request();
            using var answer = await ActorsBlock.CallAsync(app, timer.Callback.Call(timer.Actor, request), CancellationToken.None);
            ActorMetrics.TimerFired(app, timer.Actor.Type, success: true);
            return !Callback.WasLast(answer);
        }
        catch (DaprFault fault)
        {
            ActorMetrics.TimerFired(app, timer.Actor.Type, success: false);
            LogFailed(timer.Callback.Name, timer.Actor, fault.Message);
            return true;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Timer {Name} of {Actor} failed: {Reason}")]
    private partial void LogFailed(string name, ActorAddress actor, string reason);
}

/// <param name="Actor">Whom it calls.</param>
/// <param name="Callback">What the app gets. The name is unique for the actor.</param>
/// <param name="When">When it fires.</param>
internal sealed record ActorTimer(ActorAddress Actor, Callback Callback, Recurrence When);
