using EdgeMesh.Sidecar.Apps;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

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
        StateMethods.Add(methods);
        PubSubMethods.Add(methods);
        InvocationMethods.Add(methods);
        SecretsMethods.Add(methods);
        MetadataMethods.Add(methods);
    }
}

/// <summary>Adds unary methods; faults become the statuses that Dapr's clients know.</summary>
internal sealed class MethodTable(ServiceMethodProviderContext<DaprGrpc> context)
{
    private const string Service = "dapr.proto.runtime.v1.Dapr";

    public void Add<TRequest, TResponse>(string name, Func<AppRuntime, TRequest, ServerCallContext, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var method = new Method<TRequest, TResponse>(MethodType.Unary, Service, name, Marshal<TRequest>(), Marshal<TResponse>());
        context.AddUnaryMethod(method, [], async (_, request, call) =>
        {
            try
            {
                return await handler(call.GetHttpContext().Features.GetRequiredFeature<AppRuntime>(), request, call);
            }
            catch (DaprFault fault)
            {
                throw fault.ToRpc();
            }
        });
    }

    private static Marshaller<T> Marshal<T>()
        where T : class, IMessage<T>, new()
    {
        var parser = new MessageParser<T>(() => new T());
        return Marshallers.Create(
            (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
    }
}
