using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>At a core: says how far the sites are that try a version first, so that those learn it which have no link to them. Only what is
/// waited for is said, and only what the site's own document said: a core decides nothing for another site.</summary>
internal sealed class RolloutRelay(Journal changes, Catalog catalog, SiteIdentity identity)
{
    /// <summary>Returns when what is known of the function's canary is on disk, or why of some sites it is not: asked again, it goes on.</summary>
    public async Task<IReadOnlyList<string>> RelayAsync(string function, CancellationToken cancellation)
    {
        var faults = new List<string>();
        foreach (var site in catalog.Find(function) is { } known ? catalog.TriesFirst(known).Where(s => s != identity.Site) : [])
        {
            if (catalog.Rollout(site, function) is { Frontier: { } frontier } told && await RelayAsync(site, frontier, told, cancellation) is { } fault)
            {
                faults.Add($"how far {site} is: {fault}");
            }
        }

        return faults;
    }

    /// <summary>Null: it is written. Else why it is not.</summary>
    private async Task<string?> RelayAsync(string site, VersionVector frontier, RolloutBody told, CancellationToken cancellation)
    {
        var key = FunctionDocuments.RelayedRollout(identity.Site, site, told.State.Function);
        var body = new RelayedRolloutBody(site, frontier.ToString(), told.State, told.Version).Write();
        var current = await changes.GetAsync(key, cancellation);
        if (current is not null && current.Body.Span.SequenceEqual(body))
        {
            return null;
        }

        return await changes.CommitAsync(new Commit { Changes = [new Change(key, current?.Frontier, body)] }, cancellation) switch
        {
            CommitResult.Committed => null,
            CommitResult.Refused refused => $"{refused.Code}: {refused.Detail}",
            _ => "somebody else wrote it at the same time",
        };
    }
}
