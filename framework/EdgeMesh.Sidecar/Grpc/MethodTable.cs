using EdgeMesh.Sidecar.Apps;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Adds methods to the service <c>Dapr</c>; faults become the statuses that Dapr's clients know.</summary>
internal sealed class MethodTable(ServiceMethodProviderContext<DaprGrpc> context)
{
    public const string Service = "dapr.proto.runtime.v1.Dapr";

    /// <summary>One request, one answer.</summary>
    public void Add<TRequest, TResponse>(string name, Func<AppRuntime, TRequest, ServerCallContext, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        context.AddUnaryMethod(Method<TRequest, TResponse>(MethodType.Unary, name), [], async (_, request, call) =>
        {
            try
            {
                return await handler(App(call), request, call);
            }
            catch (DaprFault fault)
            {
                throw Told(fault, call);
            }
        });

    /// <summary>One request, many answers.</summary>
    public void AddServerStream<TRequest, TResponse>(string name, Func<AppRuntime, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        context.AddServerStreamingMethod(Method<TRequest, TResponse>(MethodType.ServerStreaming, name), [],
            (_, request, answers, call) => FaultingAsync(() => handler(App(call), request, answers, call), call));

    /// <summary>Messages both ways, in an order that both sides agree on.</summary>
    public void AddDuplexStream<TRequest, TResponse>(string name, Func<AppRuntime, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        context.AddDuplexStreamingMethod(Method<TRequest, TResponse>(MethodType.DuplexStreaming, name), [],
            (_, requests, answers, call) => FaultingAsync(() => handler(App(call), requests, answers, call), call));

    private static AppRuntime App(ServerCallContext call) => call.GetHttpContext().Features.GetRequiredFeature<AppRuntime>();

    private static RpcException Told(DaprFault fault, ServerCallContext call)
    {
        Metrics.ErrorMetrics.Answered(App(call), fault.Code);
        return fault.ToRpc();
    }

    private static async Task FaultingAsync(Func<Task> run, ServerCallContext call)
    {
        try
        {
            await run();
        }
        catch (DaprFault fault)
        {
            throw Told(fault, call);
        }
    }

    private static Method<TRequest, TResponse> Method<TRequest, TResponse>(MethodType type, string name)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        ProtoMethod.Of<TRequest, TResponse>(type, Service, name);
}
