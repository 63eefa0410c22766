using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Locks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0-alpha1/lock</c> and <c>/v1.0-alpha1/unlock</c>. Bodies are the messages of the gRPC API, written as JSON.</summary>
internal static class LockRoutes
{
    public static void MapLocks(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1.0-alpha1/lock/{store}", Answers.Route(async (context, app) =>
        {
            var request = await ProtoJson.ReadAsync<TryLockRequest>(context);
            var taken = await LocksBlock.TryLockAsync(app, context.Value("store"), request.ResourceId, request.LockOwner, request.ExpiryInSeconds, context.RequestAborted);
            await Answers.WriteJsonAsync(context, taken ? "{\"success\":true}"u8.ToArray() : "{\"success\":false}"u8.ToArray());
        }));
        routes.MapPost("/v1.0-alpha1/unlock/{store}", Answers.Route(async (context, app) =>
        {
            var request = await ProtoJson.ReadAsync<UnlockRequest>(context);
            var outcome = await LocksBlock.UnlockAsync(app, context.Value("store"), request.ResourceId, request.LockOwner, context.RequestAborted);
            await Answers.WriteJsonAsync(context, System.Text.Encoding.UTF8.GetBytes($"{{\"status\":{(int)outcome}}}"));
        }));
    }
}
