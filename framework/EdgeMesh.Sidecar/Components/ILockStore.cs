using EdgeMesh.Sidecar.Components.LockSqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>What the lock building block needs of a store. Resources arrive with their prefix.</summary>
internal interface ILockStore
{
    /// <summary>False: somebody holds it, perhaps the same owner.</summary>
    Task<bool> TryLockAsync(string resource, string owner, TimeSpan expiry, CancellationToken cancellation);

    Task<UnlockOutcome> UnlockAsync(string resource, string owner, CancellationToken cancellation);
}
