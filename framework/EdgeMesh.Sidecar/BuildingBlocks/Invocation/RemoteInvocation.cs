using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Http;
using EdgeMesh.Sidecar.Resiliency;
using EdgeMesh.Sidecar.Sidecars;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Calls through another sidecar, with the retries that Dapr makes there without being asked.</summary>
internal static class RemoteInvocation
{
    public static async Task<HttpResponseMessage> SendAsync(AppRuntime caller, RemoteSidecar sidecar, string appId, HttpRequestMessage request, CancellationToken cancellation)
    {
        var retry = caller.Resilience.BuiltInRetry("DaprBuiltInServiceRetries");
        for (var retries = 0; ; retries++)
        {
            try
            {
                return await sidecar.SendAsync(request, cancellation);
            }
            catch (RemoteFailureException error) when (IsAway(error) && retries < (retry.MaxRetries ?? int.MaxValue) && request.Content is not PassedBody { IsStarted: true })
            {
                await Task.Delay(retry.Pause(retries, Random.Shared.NextDouble()), caller.Process.Clock, cancellation);
            }
            catch (RemoteFailureException error)
            {
                throw Fault(error, appId, retries);
            }
        }
    }

    private static bool IsAway(RemoteFailureException error) => error.Status is StatusCode.Unavailable or StatusCode.Unauthenticated;

    private static DaprFault Fault(RemoteFailureException error, string appId, int retries) => error.Status == StatusCode.PermissionDenied
        ? InvocationBlock.Denied(appId, error.Detail)
        : InvocationBlock.Failed(appId, IsAway(error) ? $"failed to invoke target {appId} after {retries} retries. Error: {error.Message}" : error.Message);
}
