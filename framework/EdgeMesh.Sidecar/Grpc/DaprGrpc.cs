using Grpc.AspNetCore.Server.Model;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>The service <c>dapr.proto.runtime.v1.Dapr</c>. The published protos have no server base for it, so methods are bound by name
/// with the package's own message types; one that is not bound answers Unimplemented.</summary>
internal sealed class DaprGrpc;

/// <summary>Binds what the building blocks serve.</summary>
internal sealed class DaprMethodProvider : IServiceMethodProvider<DaprGrpc>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<DaprGrpc> context)
    {
        var methods = new MethodTable(context);
        foreach (var block in ServedBlock.All)
        {
            block.Methods?.Invoke(methods);
        }
    }
}
