using System.Collections.Concurrent;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>Wakes the actors of this site's rollouts when something came that they may decide on, chooses the version for each call, and counts
/// what it did. It decides nothing itself, so an actor of a function at rest is never in memory. Reminders are a cache: what is under way is
/// looked at again at the start, and now and then.</summary>
internal sealed partial class SiteRollouts(RolloutBook book, Catalog catalog, SiteIdentity identity, RolloutActors actors, TimeProvider clock, ILogger<SiteRollouts> logger)
    : IAsyncDisposable
{
    private const int AtOnce = 8;
    private static readonly TimeSpan LookAgainEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly DueFunctions _due = new();

    /// <summary>Rollouts that are under way and were looked at since the last time that all were: function to generation.</summary>
    private readonly ConcurrentDictionary<string, long> _seen = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _hasFailed;
    private ITimer? _timer;
    private Task _loop = Task.CompletedTask;

    public RolloutBook Book => book;

    public void Start()
    {
        catalog.Changed += _due.Add;
        foreach (var function in catalog.Functions)
        {
            _due.Add(function.Name);
        }

        _timer = clock.CreateTimer(_ => LookAgain(), null, LookAgainEvery, LookAgainEvery);
        _loop = RunAsync(_stop.Token);
    }

    /// <summary>The bundle for the next call of a function.</summary>
    public string? Choose(KnownFunction function) =>
        catalog.Rollout(identity.Site, function.Name) is { State: var state } ? RolloutRules.Choose(state, function.Word, Random.Shared.NextDouble()) : null;

    /// <summary>Counts a call for the canary that it was part of. One that makes the candidate unhealthy ends it at once.</summary>
    public void Called(FunctionCall call, CallResult result)
    {
        var name = call.Manifest.Name;
        if (book.State(name) is { Phase: RolloutPhase.Canary } state && !result.IsDeferred)
        {
            book.Counts.Of(state).Add(call.Bundle.Digest == state.Candidate, result.Outcome != CallOutcome.Completed, result.Usage.Ran.TotalMilliseconds);
            if (book.IsDue(name))
            {
                _due.Add(name);
            }
        }
    }

    /// <summary>An operator of this site changes a rollout: one of the changes of <see cref="IRollout"/>. False: the function is not known here.</summary>
    public async Task<bool> ChangeAsync(string function, string change, string by, CancellationToken cancellation)
    {
        if (catalog.Find(function) is null)
        {
            return false;
        }

        await actors.ChangeAsync(function, change, by, cancellation);
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        catalog.Changed -= _due.Add;
        await _stop.CancelAsync();
        await _loop;
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }

        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        // The sidecar comes back in its own time, whatever clock a test gave to this service.
        await using var retry = TimeProvider.System.CreateTimer(_ => _due.Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var pause = FirstPause;
        try
        {
            while (true)
            {
                var functions = await _due.TakeAsync(cancellation);
                _hasFailed = false;
                await Parallel.ForEachAsync(functions, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation }, LookAsync);
                pause = !_hasFailed ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
                if (_hasFailed)
                {
                    retry.Change(pause * (0.5 + Random.Shared.NextDouble()), Timeout.InfiniteTimeSpan);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async ValueTask LookAsync(string function, CancellationToken cancellation)
    {
        if (IsSeen(function) && !book.IsDue(function))
        {
            return;
        }

        try
        {
            await actors.LookAsync(function, cancellation);
            if (book.State(function) is var state && RolloutRules.IsUnderWay(state))
            {
                _seen[function] = state.Generation;
            }
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // The sidecar, the placement service or a store is away: the same step is decided again later.
            LogFailed(logger, function, error.Message);
            _due.AddForLater(function);
            _hasFailed = true;
        }
    }

    private bool IsSeen(string function) => book.State(function) is var state && (!RolloutRules.IsUnderWay(state) || _seen.GetValueOrDefault(function) == state.Generation);

    private void LookAgain()
    {
        foreach (var function in _seen.Keys.Where(f => _seen.TryRemove(f, out _)))
        {
            _due.Add(function);
        }
    }

    [LoggerMessage(LogLevel.Warning, "A step of the rollout of {Function} failed ({Reason}); it is decided again")]
    private static partial void LogFailed(ILogger logger, string function, string reason);
}
