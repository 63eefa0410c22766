using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Secrets;

/// <summary>Secrets, whatever the transport.</summary>
internal static class SecretsBlock
{
    public static async Task<IReadOnlyDictionary<string, string>> GetAsync(AppRuntime app, string store, string name, CancellationToken cancellation) =>
        await Store(app, store).GetAsync(name, cancellation)
        ?? throw new DaprFault("ERR_SECRET_GET", $"failed getting secret with key {name} from secret store {store}: secret {name} not found", 500, StatusCode.Internal);

    public static Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(AppRuntime app, string store, CancellationToken cancellation) =>
        Store(app, store).GetAllAsync(cancellation);

    private static ISecretStore Store(AppRuntime app, string name)
    {
        if (app.Find(name) is not { } component || !component.Spec.Type.StartsWith("secretstores.", StringComparison.Ordinal))
        {
            throw new DaprFault("ERR_SECRET_STORE_NOT_FOUND", $"failed finding secret store with key {name}", 401, StatusCode.InvalidArgument);
        }

        return component.Driver as ISecretStore
            ?? throw new DaprFault("ERR_SECRET_STORES_NOT_CONFIGURED", $"secret store {name} is not open: {component.Failure}", 500, StatusCode.FailedPrecondition);
    }
}
