using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>What Subscription resources say, for all apps of the process.</summary>
internal sealed class DeclaredSubscriptions
{
    private readonly IReadOnlyList<(IReadOnlyList<string> Scopes, Subscription? Subscription)> _all;

    private DeclaredSubscriptions(IReadOnlyList<(IReadOnlyList<string>, Subscription?)> all) => _all = all;

    /// <summary>One that can't be served is a fault.</summary>
    public static DeclaredSubscriptions From(ResourceLoader resources, List<string> faults) =>
        new([.. resources.Subscriptions.Select(r => (r.Scopes, Subscription.From(r, faults)))]);

    public IReadOnlyList<Subscription> Of(string appId) =>
        [.. _all.Where(s => s.Scopes.Count == 0 || s.Scopes.Contains(appId, StringComparer.Ordinal)).Select(s => s.Subscription).OfType<Subscription>()];
}
