using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.Resiliency;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Secrets;

/// <summary>Secrets, whatever the transport.</summary>
internal static class SecretsBlock
{
    public static async Task<IReadOnlyDictionary<string, string>> GetAsync(AppRuntime app, string store, string name, CancellationToken cancellation)
    {
        var driver = Store(app, store, out var spec);
        if (app.Configuration.SecretScopes.TryGetValue(store, out var scope) && !scope.Allows(name))
        {
            throw new DaprFault("ERR_PERMISSION_DENIED", $"access denied by policy to get \"{name}\" from \"{store}\"", 403, StatusCode.PermissionDenied);
        }

        DaprFault NotGot(string reason) => new("ERR_SECRET_GET", $"failed getting secret with key {name} from secret store {store}: {reason}", 500, StatusCode.Internal);
        return await ComponentMetrics.Secret.CountAsync(
            app, store, "get", () => UnderPolicyAsync(app, spec, async token => await driver.GetAsync(name, token) ?? throw NotGot($"secret {name} not found"), NotGot, cancellation));
    }

    private static async Task<T> UnderPolicyAsync<T>(AppRuntime app, ComponentSpec spec, Func<CancellationToken, Task<T>> get, Func<string, DaprFault> failed, CancellationToken cancellation)
    {
        try
        {
            return await app.Resilience.Outbound(spec).RunAsync(get, cancellation);
        }
        catch (Exception error) when (error is SecretRefusalException or CircuitOpenException or TimeoutException)
        {
            throw failed(error.Message);
        }
    }

    /// <summary>Those that the app may read.</summary>
    public static async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(AppRuntime app, string store, CancellationToken cancellation)
    {
        var driver = Store(app, store, out var spec);
        var all = await ComponentMetrics.Secret.CountAsync(app, store, "bulk_get", () => UnderPolicyAsync(
            app, spec, driver.GetAllAsync, reason => new DaprFault("ERR_SECRET_GET", $"failed getting secrets from secret store {store}: {reason}", 500, StatusCode.Internal), cancellation));
        return app.Configuration.SecretScopes.TryGetValue(store, out var scope) ? all.Where(s => scope.Allows(s.Key)).ToDictionary(s => s.Key, s => s.Value) : all;
    }

    private static ISecretStore Store(AppRuntime app, string name, out ComponentSpec spec)
    {
        if (app.Find(name) is not { } component || !component.Spec.Type.StartsWith("secretstores.", StringComparison.Ordinal))
        {
            throw app.Has("secretstores.")
                ? new DaprFault("ERR_SECRET_STORE_NOT_FOUND", $"failed finding secret store with key {name}", 401, StatusCode.InvalidArgument)
                : new DaprFault("ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured", 500, StatusCode.FailedPrecondition);
        }

        spec = component.Spec;
        return component.Driver as ISecretStore
            ?? throw new DaprFault("ERR_SECRET_STORES_NOT_CONFIGURED", $"secret store {name} is not open: {component.Failure}", 500, StatusCode.FailedPrecondition);
    }
}
