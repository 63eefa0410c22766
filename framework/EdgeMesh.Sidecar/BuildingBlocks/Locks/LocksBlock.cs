using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.LockSqlite;
using EdgeMesh.Sidecar.Resiliency;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Locks;

/// <summary>Locks, whatever the transport. An app's locks are its own, unless the component's <c>keyPrefix</c> says otherwise.</summary>
internal static class LocksBlock
{
    private const string Separator = "||";

    public static async Task<bool> TryLockAsync(AppRuntime app, string store, string resource, string owner, int expirySeconds, CancellationToken cancellation)
    {
        if (expirySeconds <= 0)
        {
            throw DaprFault.Malformed($"ExpiryInSeconds is not positive in lock store {store}");
        }

        var (locks, prefix, policy) = Open(app, store, resource, owner);
        var key = Key(prefix, resource, "ERR_TRY_LOCK", Acquiring);
        return await RunAsync(() => policy.RunAsync(token => locks.TryLockAsync(key, owner, TimeSpan.FromSeconds(expirySeconds), token), cancellation), "ERR_TRY_LOCK", Acquiring);
    }

    public static async Task<UnlockOutcome> UnlockAsync(AppRuntime app, string store, string resource, string owner, CancellationToken cancellation)
    {
        var (locks, prefix, policy) = Open(app, store, resource, owner);
        var key = Key(prefix, resource, "ERR_UNLOCK", Releasing);
        return await RunAsync(() => policy.RunAsync(token => locks.UnlockAsync(key, owner, token), cancellation), "ERR_UNLOCK", Releasing);
    }

    private const string Acquiring = "failed to try acquiring lock";
    private const string Releasing = "failed to release lock";

    private static (ILockStore Locks, string Prefix, ResiliencePolicy? Policy) Open(AppRuntime app, string store, string resource, string owner)
    {
        // What is missing is told before the store is looked for, as daprd does.
        if (resource.Length == 0 || owner.Length == 0)
        {
            throw DaprFault.Malformed($"{(resource.Length == 0 ? "ResourceId" : "LockOwner")} is empty in lock store {store}");
        }

        if (app.Find(store) is not { } component || !component.Spec.Type.StartsWith("lock.", StringComparison.Ordinal))
        {
            throw app.Has("lock.")
                ? new DaprFault("ERR_LOCK_STORE_NOT_FOUND", $"lock store {store} not found", 400, StatusCode.InvalidArgument)
                : new DaprFault("ERR_LOCK_STORE_NOT_CONFIGURED", "lock store is not configured", 500, StatusCode.FailedPrecondition);
        }

        var locks = component.Driver as ILockStore
            ?? throw new DaprFault("ERR_LOCK_STORE_NOT_CONFIGURED", $"lock store {store} is not open: {component.Failure}", 500, StatusCode.FailedPrecondition);
        return (locks, component.StatePrefix(app), app.Resilience.Outbound(component.Spec));
    }

    private static string Key(string prefix, string resource, string code, string failed) =>
        resource.Contains(Separator, StringComparison.Ordinal)
            ? throw new DaprFault(code, $"{failed}: input key/keyPrefix '{resource}' can't contain '{Separator}'", 500, StatusCode.Internal)
            : prefix + resource;

    private static async Task<T> RunAsync<T>(Func<Task<T>> run, string code, string failed)
    {
        try
        {
            return await run();
        }
        catch (Exception error) when (error is not (OperationCanceledException or DaprFault))
        {
            // Whatever the driver throws (a full disk, a locked file) is this request's failure.
            throw new DaprFault(code, $"{failed}: {error.Message}", 500, StatusCode.Internal);
        }
    }
}
