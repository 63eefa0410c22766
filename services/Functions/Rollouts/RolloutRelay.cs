using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>At a core: says how far the sites are that try a version first, so that those learn it which have no link to them. Only what is
/// waited for is said, and only what the site's own document said: a core decides nothing for another site.</summary>
internal sealed class RolloutRelay(Journal changes, Catalog catalog, SiteIdentity identity)
{
    /// <summary>Returns when what is known of the function's canary is on disk. False: somebody else wrote at the same time, or the journal does
    /// not take it now; asked again, it goes on.</summary>
    public async Task<bool> RelayAsync(string function, CancellationToken cancellation)
    {
        foreach (var site in catalog.Find(function)?.Word.Canary.Sites.Where(s => s != identity.Site) ?? [])
        {
            if (catalog.Rollout(site, function) is { Frontier: { } frontier } told && !await RelayAsync(site, frontier, told, cancellation))
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> RelayAsync(string site, VersionVector frontier, RolloutBody told, CancellationToken cancellation)
    {
        var key = FunctionDocuments.RelayedRollout(identity.Site, site, told.State.Function);
        var body = new RelayedRolloutBody(site, frontier.ToString(), told.State, told.Version).Write();
        var current = await changes.GetAsync(key, cancellation);
        return (current is not null && current.Body.Span.SequenceEqual(body))
            || await changes.CommitAsync(new Commit { Changes = [new Change(key, current?.Frontier, body)] }, cancellation) is CommitResult.Committed;
    }
}
