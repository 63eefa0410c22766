using EdgeMesh.Functions;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Deployments;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class CatalogTests
{
    /// <summary>By the site's own feed and by a core's word, in any order: the later document counts.</summary>
    [Theory]
    [InlineData(1, 2, "second")]
    [InlineData(2, 1, "first")]
    [InlineData(1, 1, "first")]
    public void Put_RolloutThatComesTwoWays_KeepsTheLater(long first, long second, string kept)
    {
        var catalog = new Catalog("clinic-b", new Dictionary<string, string>());
        var changed = 0;
        catalog.Changed += _ => changed++;

        catalog.Put("clinic-a", At(first, "first"));
        catalog.Put("clinic-a", At(second, "second"));

        Assert.Equal(kept, catalog.Rollout("clinic-a", "f")!.State.Reason);
        Assert.Equal(kept == "second" ? 2 : 1, changed);
    }

    /// <summary>A site that came back from a backup counts in a new epoch: what it says now stands.</summary>
    [Fact]
    public void Put_RolloutOfASiteThatWasRestored_IsTaken()
    {
        var catalog = new Catalog("clinic-b", new Dictionary<string, string>());
        catalog.Put("clinic-a", At(5, "lost"));
        var restored = At(3, "restored");
        catalog.Put("clinic-a", restored with { Frontier = restored.Frontier!.With("clinic-a", 2, 1) });

        Assert.Equal("restored", catalog.Rollout("clinic-a", "f")!.State.Reason);
    }

    [Fact]
    public void Put_OlderWordOfASite_ChangesNothing()
    {
        var catalog = new Catalog("clinic-b", new Dictionary<string, string>());
        catalog.Put("clinic-a", Deployment.Sign("f", 2, "two", CanaryPlan.None, FunctionsSite.Ops));

        catalog.Put("clinic-a", Deployment.Sign("f", 1, "one", CanaryPlan.None, FunctionsSite.Ops));

        Assert.Equal("two", catalog.Find("f")!.Word.Bundle);
    }

    private static RolloutBody At(long counter, string reason) =>
        new(new RolloutState("f") { Reason = reason }, null) { Frontier = VersionVector.Empty.With("clinic-a", 1, counter) };
}
