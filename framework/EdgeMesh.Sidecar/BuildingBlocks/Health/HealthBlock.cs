using EdgeMesh.Sidecar.Apps;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Health;

/// <summary>Whether an app's sidecar can serve, and what it waits for.</summary>
internal static class HealthBlock
{
    /// <summary>Null when the app answers, its subscriptions stand and will go on to, and every component is open.</summary>
    public static DaprFault? NotReady(AppRuntime app)
    {
        var reasons = app.Components.Where(c => c is { Driver: null, IgnoreErrors: false })
            .Select(c => $"component '{c.Spec.Name}' is not open: {c.Failure}")
            .Concat(app.IsEnding ? ["the sidecar is about to stop"] : [])
            .Concat(app.IsReady ? [] : [$"the app '{app.AppId}' does not answer yet"])
            .ToArray();
        return reasons.Length == 0 ? null : new DaprFault("ERR_HEALTH_NOT_READY", "dapr is not ready: " + string.Join("; ", reasons), 500, StatusCode.Unavailable);
    }

    /// <summary>A prober may ask whether this is the sidecar of a certain app.</summary>
    public static DaprFault? Mistaken(AppRuntime app, string? askedFor) =>
        string.IsNullOrEmpty(askedFor) || askedFor == app.AppId
            ? null
            : new DaprFault("ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match", 500, StatusCode.FailedPrecondition);
}
