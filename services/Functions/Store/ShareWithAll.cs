using System.Collections.Immutable;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Functions.Store;

/// <summary>Every site may hold every deployment and bundle: they are signed, not secret, and each site decides by the targets.</summary>
internal sealed class ShareWithAll(MeshDirectory directory) : ISharePolicy
{
    private const string Terms = "functions/1";

    private readonly ImmutableArray<Holder> _peers = [.. directory.Sites.Where(s => s.Name != directory.Self).Select(s => new Holder(s.Name, Terms, default))];

    public ValueTask<SharePlan> PlanAsync(Commit commit, CommitContext context, CancellationToken cancellation) =>
        ValueTask.FromResult(new SharePlan([.. commit.Changes.Select(c => c.Deleted ? [] : _peers)], []));
}
