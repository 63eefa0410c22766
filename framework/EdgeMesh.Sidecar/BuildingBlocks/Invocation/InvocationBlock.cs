using EdgeMesh.Sidecar.Apps;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Reaches another app of the site for a caller, and says who calls.</summary>
internal static class InvocationBlock
{
    public static async Task<HttpResponseMessage> InvokeAsync(AppRuntime caller, string appId, string pathAndQuery, HttpRequestMessage request, CancellationToken cancellation)
    {
        if (caller.Directory.Find(appId)?.Channel is not { } channel)
        {
            throw new DaprFault("ERR_DIRECT_INVOKE", $"failed to resolve address for '{appId}': no such app at this site", 500, StatusCode.Internal);
        }

        request.RequestUri = channel.Address(pathAndQuery);
        request.Headers.Remove("dapr-caller-app-id");
        request.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
        request.Headers.TryAddWithoutValidation("dapr-caller-namespace", caller.Process.Namespace);
        request.Headers.TryAddWithoutValidation("dapr-callee-app-id", appId);
        try
        {
            return await channel.SendAsync(request, cancellation);
        }
        catch (HttpRequestException error)
        {
            throw new DaprFault("ERR_DIRECT_INVOKE", $"failed to invoke, id: {appId}, err: {error.Message}", 500, StatusCode.Internal);
        }
    }

    /// <summary>What gRPC callers see of an app's HTTP status (as daprd maps it).</summary>
    public static StatusCode ToGrpc(int status) => status switch
    {
        >= 200 and < 300 => StatusCode.OK,
        400 => StatusCode.InvalidArgument,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        408 => StatusCode.DeadlineExceeded,
        409 => StatusCode.AlreadyExists,
        412 => StatusCode.FailedPrecondition,
        429 => StatusCode.ResourceExhausted,
        499 => StatusCode.Cancelled,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        >= 500 => StatusCode.Internal,
        _ => StatusCode.Unknown,
    };
}
