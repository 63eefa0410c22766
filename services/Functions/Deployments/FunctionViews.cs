using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Store;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>Makes what the commands show.</summary>
internal static class FunctionViews
{
    public static FunctionView[] All(FunctionsStore store) => [.. store.Catalog.Functions.OrderBy(f => f.Name, StringComparer.Ordinal).Select(f => Of(store, f))];

    public static async Task<FunctionDetail> DetailAsync(FunctionsStore store, KnownFunction function, CancellationToken cancellation)
    {
        var versions = await store.Deployer.VersionsAsync(function.Name, cancellation);
        return new FunctionDetail(Of(store, function), [.. versions.Select(v => new VersionView(v.Manifest.Version, v.Digest, v.Statement.Signer))]);
    }

    private static FunctionView Of(FunctionsStore store, KnownFunction function)
    {
        var (catalog, word) = (store.Catalog, function.Word);
        var (running, deployed) = (store.Choose(function), catalog.FindBundle(word.Bundle));
        return new FunctionView(
            function.Name, running?.Manifest.Version, word.Generation, deployed?.Manifest.Version, word.Signer,
            [.. (running ?? deployed)?.Manifest.Triggers.Select(Describe) ?? []],
            catalog.Rollouts(function.Name).ToDictionary(r => r.Key, r => View(r.Value), StringComparer.Ordinal), store.Calls.Usage.Of(function.Name));
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
