using System.Collections.Concurrent;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>This site's rollouts. Each step is decided by <see cref="RolloutRules"/> and written to the journal before it takes effect: a
/// crash between leaves the step before, which is decided again. What versions did during a canary is counted in memory; after a crash the
/// count begins anew, and the time goes on.</summary>
internal sealed partial class SiteRollouts(Journal changes, FollowerLoop following, Catalog catalog, SiteIdentity identity, TimeProvider clock, ILogger<SiteRollouts> logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, CanaryCount> _counts = new(StringComparer.Ordinal);
    private readonly DueFunctions _due = new();
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private ITimer? _timer;
    private Task _loop = Task.CompletedTask;

    public void Start()
    {
        catalog.Changed += _due.Add;
        foreach (var function in catalog.Functions)
        {
            _due.Add(function.Name);
        }

        _loop = RunAsync(_stop.Token);
    }

    /// <summary>The bundle for the next call of a function.</summary>
    public string? Choose(KnownFunction function) =>
        catalog.Rollout(identity.Site, function.Name) is { State: var state } ? RolloutRules.Choose(state, function.Word, Random.Shared.NextDouble()) : null;

    /// <summary>Counts a call for the canary that it was part of.</summary>
    public void Called(FunctionCall call, CallResult result)
    {
        if (catalog.Rollout(identity.Site, call.Manifest.Name) is { State: { Phase: RolloutPhase.Canary } state } && result.Outcome is not (CallOutcome.Busy or CallOutcome.Canceled))
        {
            Count(state).Add(call.Bundle.Digest == state.Candidate, result.Outcome != CallOutcome.Completed, result.Usage.Ran.TotalMilliseconds);
        }
    }

    /// <summary>An operator of this site changes a rollout. False: the function is not known here.</summary>
    public async Task<bool> ChangeAsync(string function, Func<RolloutState, RolloutState> change, CancellationToken cancellation)
    {
        if (catalog.Find(function) is null)
        {
            return false;
        }

        await StepAsync(function, change, cancellation);
        _due.Add(function);
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
        _one.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                foreach (var function in await _due.TakeAsync(cancellation))
                {
                    await TryStepAsync(function, cancellation);
                }

                LookAgainWhileCanaries();
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    private async Task TryStepAsync(string function, CancellationToken cancellation)
    {
        try
        {
            await StepAsync(function, static state => state, cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // The store is away: the same step is decided again later.
            LogFailed(logger, function, error.Message);
            _due.AddForLater(function);
            LookAgain(FailurePause);
        }
    }

    /// <summary>Decides the next step after a change, and writes it.</summary>
    private async Task StepAsync(string function, Func<RolloutState, RolloutState> change, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (catalog.Find(function) is not { } known)
            {
                return;
            }

            var before = catalog.Rollout(identity.Site, function)?.State ?? new RolloutState(function);
            var after = RolloutRules.Next(change(before), Facts(known, before));
            if (after != before)
            {
                await WriteAsync(after, cancellation);
                LogStep(logger, function, before.Phase, after.Phase, after.Generation, after.Reason);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private RolloutFacts Facts(KnownFunction known, RolloutState state)
    {
        var count = Count(state);
        return new RolloutFacts(
            identity.Site, known.Word, catalog.BundleHere(known) is not null, clock.GetUtcNow(),
            [.. known.Word.Canary.Sites.Select(s => new PeerRollout(s, catalog.Rollout(s, known.Name)?.State))])
        {
            Stable = count.Stable, Candidate = count.Candidate,
        };
    }

    private async Task WriteAsync(RolloutState state, CancellationToken cancellation)
    {
        var key = FunctionDocuments.Rollout(identity.Site, state.Function);
        var body = new RolloutBody(state, catalog.FindBundle(state.Stable)?.Manifest.Version).Write();
        var current = await changes.GetAsync(key, cancellation);
        var result = await changes.CommitAsync(new Commit { Changes = [new Change(key, current?.Frontier, body)] }, cancellation);
        if (result is not CommitResult.Committed { At: var at })
        {
            throw new InvalidOperationException($"the step could not be written: {result}");
        }

        await following.ReachAsync(at, cancellation);
    }

    private CanaryCount Count(RolloutState state) => _counts.AddOrUpdate(
        state.Function,
        (_, generation) => new CanaryCount(generation),
        (_, count, generation) => count.Generation == generation ? count : new CanaryCount(generation),
        state.Generation);

    private void LookAgainWhileCanaries()
    {
        foreach (var function in catalog.Functions.Where(f => catalog.Rollout(identity.Site, f.Name) is { State.Phase: RolloutPhase.Canary }))
        {
            _due.AddForLater(function.Name);
        }

        if (!_due.IsEmpty)
        {
            LookAgain(LookEvery);
        }
    }

    private void LookAgain(TimeSpan after)
    {
        _timer ??= clock.CreateTimer(_ => _due.Wake(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(after, Timeout.InfiniteTimeSpan);
    }

    [LoggerMessage(LogLevel.Information, "Rollout of {Function}: {Before} to {After}, generation {Generation}: {Reason}")]
    private static partial void LogStep(ILogger logger, string function, RolloutPhase before, RolloutPhase after, long generation, string reason);

    [LoggerMessage(LogLevel.Warning, "A step of the rollout of {Function} failed ({Reason}); it is decided again")]
    private static partial void LogFailed(ILogger logger, string function, string reason);

    /// <summary>What both versions did in one canary.</summary>
    private sealed class CanaryCount(long generation)
    {
        private readonly Lock _gate = new();

        public long Generation => generation;

        public RolloutTally Stable { get; private set; }

        public RolloutTally Candidate { get; private set; }

        public void Add(bool isCandidate, bool failed, double milliseconds)
        {
            lock (_gate)
            {
                if (isCandidate)
                {
                    Candidate = Candidate.With(failed, milliseconds);
                }
                else
                {
                    Stable = Stable.With(failed, milliseconds);
                }
            }
        }
    }
}
