using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.Resiliency;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Configuration;

/// <summary>Configuration, whatever the transport.</summary>
internal static class ConfigurationBlock
{
    public static async Task<IReadOnlyDictionary<string, ConfigurationValue>> GetAsync(
        AppRuntime app, string store, IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation)
    {
        var (driver, policy) = Store(app, store);
        try
        {
            return await ComponentMetrics.Configuration.CountAsync(app, store, "get", () => policy.RunAsync(token => driver.GetAsync(keys, metadata, token), cancellation));
        }
        catch (Exception error) when (error is not (OperationCanceledException or DaprFault))
        {
            // Whatever the driver throws (a locked file, too many rows) is this request's failure.
            throw new DaprFault("ERR_CONFIGURATION_GET", $"failed to get [{string.Join(' ', keys)}] from Configuration store {store}: {error.Message}", 500, StatusCode.Internal);
        }
    }

    /// <summary>Opens a subscription of the app; without keys, of all of them.</summary>
    public static async Task<ConfigurationSubscription> SubscribeAsync(
        AppRuntime app, string store, IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation)
    {
        var (_, policy) = Store(app, store);
        DaprFault NotSubscribed(string reason) =>
            new("ERR_CONFIGURATION_SUBSCRIBE", $"failed to subscribe [{string.Join(' ', keys)}] from Configuration store {store}: {reason}", 500, StatusCode.Internal);
        try
        {
            return await ComponentMetrics.Configuration.CountAsync(app, store, "subscribe", () => policy.RunAsync(
                _ => ConfigurationSubscriptions.Of(app).Add(app, store, keys, metadata) is { } subscription
                    ? Task.FromResult(subscription)
                    : throw NotSubscribed($"the app has {ConfigurationSubscriptions.Limit} subscriptions. End some first."),
                cancellation));
        }
        catch (Exception error) when (error is CircuitOpenException or ArgumentException)
        {
            throw NotSubscribed(error.Message);
        }
    }

    /// <summary>False: there is no such subscription.</summary>
    public static bool Unsubscribe(AppRuntime app, string id) => ConfigurationSubscriptions.Of(app).TryEnd(id);

    public static (IConfigurationStore Driver, ResiliencePolicy? Policy) Store(AppRuntime app, string name)
    {
        if (app.Find(name) is not { } component || !component.Spec.Type.StartsWith("configuration.", StringComparison.Ordinal))
        {
            throw app.Has("configuration.")
                ? new DaprFault("ERR_CONFIGURATION_STORE_NOT_FOUND", $"configuration store {name} not found", 400, StatusCode.InvalidArgument)
                : new DaprFault("ERR_CONFIGURATION_STORE_NOT_CONFIGURED", "configuration stores not configured", 500, StatusCode.FailedPrecondition);
        }

        return component.Driver is IConfigurationStore driver
            ? (driver, app.Resilience.Outbound(component.Spec))
            : throw new DaprFault("ERR_CONFIGURATION_STORE_NOT_CONFIGURED", $"configuration store {name} is not open: {component.Failure}", 500, StatusCode.FailedPrecondition);
    }
}
