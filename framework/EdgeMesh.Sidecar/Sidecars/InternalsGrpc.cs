using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Sidecars.Protos;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>The service <c>dapr.proto.internals.v1.ServiceInvocation</c>, on the internal port alone. Calls of actors are not bound and answer
/// Unimplemented: actors do not go across engines.</summary>
internal sealed class InternalsGrpc;

/// <summary>Binds it.</summary>
internal sealed class InternalsMethodProvider : IServiceMethodProvider<InternalsGrpc>
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<InternalsGrpc> context)
    {
        context.AddUnaryMethod<InternalInvokeRequest, InternalInvokeResponse>(InternalMessages.CallLocal, [], (_, request, call) => LocalCalls.CallAsync(App(call), request, call));
        context.AddDuplexStreamingMethod<InternalInvokeRequestStream, InternalInvokeResponseStream>(
            InternalMessages.CallLocalStream, [], (_, requests, answers, call) => LocalCalls.CallStreamAsync(App(call), requests, answers, call));
    }

    private static AppRuntime App(ServerCallContext call) => call.GetHttpContext().Features.GetRequiredFeature<AppRuntime>();
}
