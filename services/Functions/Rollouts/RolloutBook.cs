using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>What this site's rollouts are decided by, and where their steps are written. Only the actors write.</summary>
internal sealed partial class RolloutBook(Journal changes, FollowerLoop following, Catalog catalog, SiteIdentity identity, MeshDirectory directory, TimeProvider clock, ILogger<RolloutBook> logger)
{
    /// <summary>A look leads from one deployment to its end in two steps; more are those that another process's writes made stale.</summary>
    public const int MostSteps = 8;

    /// <summary>What the versions of each canary do.</summary>
    public CanaryCounts Counts { get; } = new();

    public RolloutState State(string function) => Find(function)?.State ?? new RolloutState(function);

    /// <summary>This site's rollout as the catalogue has it; null: none yet.</summary>
    public RolloutBody? Find(string function) => catalog.Rollout(identity.Site, function);

    /// <summary>Null: the function is not known here.</summary>
    public RolloutFacts? Facts(string function)
    {
        if (catalog.Find(function) is not { } known)
        {
            return null;
        }

        var tallies = Counts.Of(State(function)).Read();
        return new RolloutFacts(
            identity.Site, known.Word, catalog.BundleHere(known) is not null, clock.GetUtcNow(), Peers(known))
        {
            IsForOthers = catalog.IsForOthers(known), Stable = tallies.Stable, Candidate = tallies.Candidate,
        };
    }

    /// <summary>What the sites say at which a function's word is tried first.</summary>
    public IReadOnlyList<PeerRollout> Peers(KnownFunction known) =>
        [.. catalog.TriesFirst(known).Select(s => new PeerRollout(s, catalog.Rollout(s, known.Name)?.State) { IsInMesh = directory.Find(s) is not null })];

    /// <summary>Whether a look would take a step.</summary>
    public bool IsDue(string function) => Facts(function) is { } facts && State(function) is var state && RolloutRules.Next(state, facts) != state;

    /// <summary>Takes steps until nothing is due. What was decided on a state that somebody else replaced meanwhile is decided again. False: after
    /// <see cref="MostSteps"/> something still is.</summary>
    /// <param name="function">Whose.</param>
    /// <param name="change">What is asked for, besides what is due.</param>
    /// <param name="cancellation">Ends it between two steps, or a wait: whether the last was written is not known then.</param>
    public async Task<bool> DecideAsync(string function, Func<RolloutState, RolloutState> change, CancellationToken cancellation)
    {
        for (var steps = 0; ; steps++)
        {
            // Read before the facts: what comes between makes the write stale, and never a step that overlooks it.
            var known = Find(function);
            if (Facts(function) is not { } facts)
            {
                return true;
            }

            var before = known?.State ?? new RolloutState(function);
            var after = RolloutRules.Next(change(before), facts);
            if (after == before || steps == MostSteps)
            {
                return after == before;
            }

            if (await WriteAsync(after, known, cancellation))
            {
                LogStep(logger, function, before.Phase, after.Phase, after.Generation, after.Reason);
                change = static state => state;
            }
        }
    }

    /// <summary>Returns when the state is on disk, and calls are made by it. False: somebody else wrote since the decision was made; nothing
    /// was written, and the book has what he wrote.</summary>
    /// <param name="state">What was decided.</param>
    /// <param name="by">What it was decided by.</param>
    /// <param name="cancellation">Ends the wait; whether it was written is not known then.</param>
    /// <exception cref="InvalidOperationException">It could not be written; what stood stands.</exception>
    public async Task<bool> WriteAsync(RolloutState state, RolloutBody? by, CancellationToken cancellation)
    {
        var body = new RolloutBody(state, catalog.FindBundle(state.Stable)?.Manifest.Version).Write();
        var change = new Change(FunctionDocuments.Rollout(identity.Site, state.Function), by?.Frontier, body);
        switch (await changes.CommitAsync(new Commit { Changes = [change] }, cancellation))
        {
            case CommitResult.Committed { At: var at }:
                await following.ReachAsync(at, cancellation);
                return true;
            case CommitResult.Stale:
                await following.ReachAsync(changes.Head, cancellation);
                return false;
            case var refused:
                throw new InvalidOperationException($"the step could not be written: {refused}");
        }
    }

    [LoggerMessage(LogLevel.Information, "Rollout of {Function}: {Before} to {After}, generation {Generation}: {Reason}")]
    private static partial void LogStep(ILogger logger, string function, RolloutPhase before, RolloutPhase after, long generation, string reason);
}
