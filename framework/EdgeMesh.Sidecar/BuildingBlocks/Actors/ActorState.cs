using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resiliency;
using EdgeMesh.Sidecar.Resources;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Actors' state: in the store with <c>actorStateStore: "true"</c>, under daprd's own keys (<c>app||type||id||key</c>, whatever the
/// store's <c>keyPrefix</c>), so that it moves between the engines with the store.</summary>
internal static class ActorState
{
    private const string StoreField = "actorStateStore";

    private const string NoStore =
        "no state store for actors is open. Set the metadata actorStateStore to \"true\" in one state store component that the app may use";

    /// <summary>Anybody may read, as on daprd: keys are the app's own.</summary>
    public static async Task<StateItem?> GetAsync(AppRuntime app, ActorAddress actor, string key, CancellationToken cancellation)
    {
        var store = Store(app) ?? throw ActorFaults.StateGet(NoStore);
        try
        {
            return await store.Policy.RunAsync(token => store.Driver.GetAsync(FullKey(app, actor, key), token), cancellation);
        }
        catch (Exception error) when (error is not (OperationCanceledException or DaprFault))
        {
            // Whatever a driver throws (a full disk, a lost server) is this request's failure.
            throw ActorFaults.StateGet(error.Message);
        }
    }

    /// <summary>All or nothing, and only by the app in which the actor is active.</summary>
    public static async Task TransactAsync(AppRuntime app, ActorAddress actor, IReadOnlyList<StateWrite> writes, CancellationToken cancellation)
    {
        if (!app.Directory.Actors.Of(app.AppId).Any(h => h.IsActive(actor)))
        {
            throw ActorFaults.InstanceMissing();
        }

        var full = writes.Select(w => w switch
        {
            { Fault: { } fault } => throw ActorFaults.StateSave(fault),
            { Key: "" } => throw ActorFaults.StateSave("missing key"),
            _ => w with { Key = FullKey(app, actor, w.Key) },
        }).ToArray();
        if (full.Length == 0)
        {
            return;
        }

        var store = Store(app) ?? throw ActorFaults.StateSave(NoStore);
        if (await SaveAsync(store, full, cancellation) is var outcome and not StateOutcome.Done)
        {
            throw ActorFaults.StateSave(outcome == StateOutcome.ETagInvalid ? "invalid etag value" : "possible etag mismatch. error from state store");
        }
    }

    public static DaprFault NotSupported(string? operation) => ActorFaults.StateSave($"operation type {operation} not supported", StatusCode.Unimplemented);

    private static async Task<StateOutcome> SaveAsync(ActorStore store, StateWrite[] writes, CancellationToken cancellation)
    {
        try
        {
            return await store.Policy.RunAsync(token => store.Driver.TransactAsync(writes, token), cancellation);
        }
        catch (Exception error) when (error is not (OperationCanceledException or DaprFault))
        {
            throw ActorFaults.StateSave(error.Message);
        }
    }

    /// <summary>Two stores for actors would be a guess; daprd refuses to start, too.</summary>
    public static void Check(ComponentCatalog components, IEnumerable<SidecarAppOptions> apps, List<string> faults) => faults.AddRange(
        from app in apps
        let stores = components.Of(app.AppId).Where(IsForActors).Select(c => c.Spec.Name).ToArray()
        where stores.Length > 1
        select $"detected duplicate actor state store for the app '{app.AppId}': {string.Join(" and ", stores)}. Set actorStateStore in one of them, or scope them to different apps.");

    private static ActorStore? Store(AppRuntime app) =>
        app.Components.FirstOrDefault(IsForActors) is { Driver: IStateStore driver } component ? new ActorStore(driver, app.Resilience.Outbound(component.Spec)) : null;

    /// <summary>Whether actors have their state there.</summary>
    public static bool IsForActors(ComponentResource component) =>
        IsTrue(component.Metadata.LastOrDefault(m => m.Name.Equals(StoreField, StringComparison.OrdinalIgnoreCase))?.Value);

    private static bool IsForActors(OpenComponent component) => IsTrue(component.Spec[StoreField]);

    private static bool IsTrue(string? value) => value is "true" or "True" or "TRUE" or "1";

    private static string FullKey(AppRuntime app, ActorAddress actor, string key) => $"{app.AppId}||{actor.Type}||{actor.Id}||{key}";

    private sealed record ActorStore(IStateStore Driver, ResiliencePolicy? Policy);
}
