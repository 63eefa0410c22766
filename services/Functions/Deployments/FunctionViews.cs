using EdgeMesh.Functions;
using EdgeMesh.Replication;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Store;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>Makes what the commands show.</summary>
internal static class FunctionViews
{
    public static async Task<FunctionView[]> AllAsync(FunctionsStore store, CancellationToken cancellation)
    {
        var (views, away) = (new List<FunctionView>(), (string?)null);
        foreach (var function in store.Catalog.Functions.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            var usage = away is null ? await store.Calls.Usage.OfAsync(function.Name, cancellation) : store.Calls.Usage.Here(function.Name, away);
            away = usage.IsAway ? usage.Missing : null;
            views.Add(Of(store, function, usage));
        }

        return [.. views];
    }

    public static async Task<FunctionDetail> DetailAsync(FunctionsStore store, KnownFunction function, CancellationToken cancellation)
    {
        var view = Of(store, function, await store.Calls.Usage.OfAsync(function.Name, cancellation));
        try
        {
            return new FunctionDetail(view, Versions(await store.Deployer.VersionsAsync(function.Name, cancellation)));
        }
        catch (JournalUnavailableException error)
        {
            // Those that are here, though nobody knows in what order they were deployed.
            var known = store.Catalog.Bundles.Where(b => b.Manifest.Name == function.Name).OrderByDescending(b => Version.Parse(b.Manifest.Version));
            var missing = $"the order in which versions were deployed, because the journal does not answer: {error.Message}";
            return new FunctionDetail(view with { Missing = view.Missing is null ? missing : $"{view.Missing}; {missing}" }, Versions(known));
        }
    }

    private static VersionView[] Versions(IEnumerable<KnownBundle> bundles) => [.. bundles.Select(b => new VersionView(b.Manifest.Version, b.Digest, b.Statement.Signer))];

    private static FunctionView Of(FunctionsStore store, KnownFunction function, UsageReport usage)
    {
        var (catalog, word) = (store.Catalog, function.Word);
        var peers = store.Rollouts.Book.Peers(function);
        var (running, deployed) = (store.Choose(function), catalog.FindBundle(word.Bundle));
        return new FunctionView(
            function.Name, running?.Manifest.Version, word.Generation, deployed?.Manifest.Version, word.Signer,
            [.. (running ?? deployed)?.Manifest.Triggers.Select(Describe) ?? []],
            catalog.Rollouts(function.Name).ToDictionary(r => r.Key, r => View(r.Value.State, r.Value.Version, word, peers), StringComparer.Ordinal), usage.Usage, usage.Missing);
    }

    private static SiteView View(RolloutState state, string? version, Deployment word, IReadOnlyList<PeerRollout> peers)
    {
        var waitsFor = state.Phase == RolloutPhase.Waiting && state.Generation == word.Generation ? RolloutRules.WaitsFor(state, peers) : [];
        return new SiteView(
            state.Phase, state.Generation, version, state.Since, state.Reason, state.IsHeld, state.IsPaused, waitsFor.ToDictionary(a => a.Site, a => a.Why, StringComparer.Ordinal));
    }

    private static string Describe(FunctionTrigger trigger) => trigger switch
    {
        { Http: { } http } => $"{http.Method} {http.Path}",
        { Topic: { } topic } => $"topic {topic.Name}",
        { Schedule: { } schedule } => $"at {schedule.Cron} ({schedule.TimeZone})",
        _ => $"changes of {string.Join(", ", trigger.Changes!.Collections)}",
    };
}
