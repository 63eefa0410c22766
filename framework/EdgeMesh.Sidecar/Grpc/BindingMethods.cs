using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Bindings;
using EdgeMesh.Sidecar.Components;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Output bindings by gRPC.</summary>
internal static class BindingMethods
{
    public static void Add(MethodTable methods) => methods.Add<InvokeBindingRequest, InvokeBindingResponse>("InvokeBinding", InvokeAsync);

    private static async Task<InvokeBindingResponse> InvokeAsync(AppRuntime app, InvokeBindingRequest request, ServerCallContext call)
    {
        var metadata = new Dictionary<string, string>(request.Metadata);
        foreach (var name in new[] { "traceparent", "tracestate" })
        {
            if (call.RequestHeaders.GetValue(name) is { Length: > 0 } value)
            {
                metadata.TryAdd(name, value);
            }
        }

        try
        {
            var answer = await BindingsBlock.InvokeAsync(app, request.Name, new BindingRequest(request.Operation, request.Data.Memory, metadata), call.CancellationToken);
            return new InvokeBindingResponse { Data = answer.Data is { } data ? UnsafeByteOperations.UnsafeWrap(data) : ByteString.Empty, Metadata = { new Dictionary<string, string>(answer.Metadata) } };
        }
        catch (BindingFailureException failure)
        {
            throw BindingsBlock.Failed(request.Name, failure.Message);
        }
    }
}
