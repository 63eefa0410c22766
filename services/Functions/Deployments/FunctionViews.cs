using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Store;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>Makes what the commands show.</summary>
internal static class FunctionViews
{
    public static async Task<FunctionView[]> AllAsync(FunctionsStore store, CancellationToken cancellation)
    {
        var views = new List<FunctionView>();
        foreach (var function in store.Catalog.Functions.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            views.Add(await OfAsync(store, function, cancellation));
        }

        return [.. views];
    }

    public static async Task<FunctionDetail> DetailAsync(FunctionsStore store, KnownFunction function, CancellationToken cancellation)
    {
        var versions = await store.Deployer.VersionsAsync(function.Name, cancellation);
        return new FunctionDetail(await OfAsync(store, function, cancellation), [.. versions.Select(v => new VersionView(v.Manifest.Version, v.Digest, v.Statement.Signer))]);
    }

    private static async Task<FunctionView> OfAsync(FunctionsStore store, KnownFunction function, CancellationToken cancellation)
    {
        var (catalog, word) = (store.Catalog, function.Word);
        var (running, deployed) = (store.Choose(function), catalog.FindBundle(word.Bundle));
        return new FunctionView(
            function.Name, running?.Manifest.Version, word.Generation, deployed?.Manifest.Version, word.Signer,
            [.. (running ?? deployed)?.Manifest.Triggers.Select(Describe) ?? []],
            catalog.Rollouts(function.Name).ToDictionary(r => r.Key, r => View(r.Value), StringComparer.Ordinal), await store.Calls.Usage.OfAsync(function.Name, cancellation));
    }

    private static SiteView View(RolloutBody rollout)
    {
        var state = rollout.State;
        return new SiteView(state.Phase, state.Generation, rollout.Version, state.Since, state.Reason, state.IsHeld, state.IsPaused);
    }

    private static string Describe(FunctionTrigger trigger) => trigger switch
    {
        { Http: { } http } => $"{http.Method} {http.Path}",
        { Topic: { } topic } => $"topic {topic.Name}",
        { Schedule: { } schedule } => $"at {schedule.Cron} ({schedule.TimeZone})",
        _ => $"changes of {string.Join(", ", trigger.Changes!.Collections)}",
    };
}
