using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Locks;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Locks by gRPC.</summary>
internal static class LockMethods
{
    public static void Add(MethodTable methods)
    {
        methods.Add<TryLockRequest, TryLockResponse>("TryLockAlpha1", async (app, request, call) => new TryLockResponse
        {
            Success = await LocksBlock.TryLockAsync(app, request.StoreName, request.ResourceId, request.LockOwner, request.ExpiryInSeconds, call.CancellationToken),
        });
        methods.Add<UnlockRequest, UnlockResponse>("UnlockAlpha1", async (app, request, call) => new UnlockResponse
        {
            Status = (UnlockResponse.Types.Status)await LocksBlock.UnlockAsync(app, request.StoreName, request.ResourceId, request.LockOwner, call.CancellationToken),
        });
    }
}
