using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>What this site's rollouts are decided by, and where their steps are written. Only the actors write.</summary>
internal sealed class RolloutBook(Journal changes, FollowerLoop following, Catalog catalog, SiteIdentity identity, TimeProvider clock)
{
    /// <summary>What the versions of each canary do.</summary>
    public CanaryCounts Counts { get; } = new();

    public RolloutState State(string function) => catalog.Rollout(identity.Site, function)?.State ?? new RolloutState(function);

    /// <summary>Null: the function is not known here.</summary>
    public RolloutFacts? Facts(string function)
    {
        if (catalog.Find(function) is not { } known)
        {
            return null;
        }

        var tallies = Counts.Of(State(function)).Read();
        return new RolloutFacts(
            identity.Site, known.Word, catalog.BundleHere(known) is not null, clock.GetUtcNow(),
            [.. known.Word.Canary.Sites.Select(s => new PeerRollout(s, catalog.Rollout(s, known.Name)?.State))])
        {
            Stable = tallies.Stable, Candidate = tallies.Candidate,
        };
    }

    /// <summary>Whether a look would take a step.</summary>
    public bool IsDue(string function) => Facts(function) is { } facts && State(function) is var state && RolloutRules.Next(state, facts) != state;

    /// <summary>Returns when the state is on disk, and calls are made by it.</summary>
    /// <exception cref="InvalidOperationException">It could not be written; what stood stands.</exception>
    public async Task WriteAsync(RolloutState state, CancellationToken cancellation)
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
}
