using EdgeMesh.Sidecar.Apps;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Reaches another app of the site for a caller, and says who calls.</summary>
internal static class InvocationBlock
{
    private static readonly string HostName = Environment.MachineName;

    /// <param name="caller">The app whose API was called.</param>
    /// <param name="appId">The app to reach, perhaps with its namespace (<c>app.namespace</c>).</param>
    /// <param name="method">The path as the caller sent it.</param>
    /// <param name="query">Empty, or with its question mark.</param>
    /// <param name="request">Headers and body; its address and the caller's identity are set here.</param>
    /// <param name="cancellation">Ends the call.</param>
    public static async Task<HttpResponseMessage> InvokeAsync(
        AppRuntime caller, string appId, string method, string query, HttpRequestMessage request, CancellationToken cancellation)
    {
        var channel = Resolve(caller, appId);
        request.RequestUri = channel.Address(MethodPath.Clean(appId, method) + query);
        request.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller.AppId);
        request.Headers.TryAddWithoutValidation("dapr-caller-namespace", caller.Process.Namespace);
        request.Headers.TryAddWithoutValidation("dapr-callee-app-id", channel.AppId);
        var address = caller.Process.ListenAddress;
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", address);
        request.Headers.TryAddWithoutValidation("X-Forwarded-Host", HostName);
        request.Headers.TryAddWithoutValidation("Forwarded", $"for={address};by={address};host={HostName}");
        try
        {
            return await channel.SendAsync(request, cancellation);
        }
        catch (HttpRequestException error)
        {
            throw Failed(appId, error.InnerException is Http.BodyTooLargeException large ? large.Message : $"error invoking app channel: {error.Message}");
        }
    }

    public static DaprFault Failed(string appId, string reason) =>
        new("ERR_DIRECT_INVOKE", $"failed to invoke, id: {appId}, err: {reason}", 500, StatusCode.Internal);

    private static AppChannel Resolve(AppRuntime caller, string appId)
    {
        var dot = appId.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
        {
            return caller.Directory.Find(appId)?.Channel ?? throw Failed(appId, "no host found with the given ID");
        }

        if (appId.IndexOf('.', dot + 1) >= 0)
        {
            throw Failed(appId, $"invalid app id {appId}");
        }

        return (appId[(dot + 1)..] == caller.Process.Namespace ? caller.Directory.Find(appId[..dot])?.Channel : null)
            ?? throw Failed(appId, "no host found with the given ID");
    }

    /// <summary>What gRPC callers see of an app's HTTP status, as daprd maps it: some look odd, and all were seen.</summary>
    public static StatusCode ToGrpc(int status) => status switch
    {
        >= 200 and < 300 => StatusCode.OK,
        400 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        408 => StatusCode.Cancelled,
        409 => StatusCode.AlreadyExists,
        429 => StatusCode.ResourceExhausted,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        504 => StatusCode.DeadlineExceeded,
        _ => StatusCode.Unknown,
    };
}
