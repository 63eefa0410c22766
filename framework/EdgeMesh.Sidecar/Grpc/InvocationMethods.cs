using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Invocation of HTTP apps by gRPC.</summary>
internal static class InvocationMethods
{
    public static void Add(MethodTable methods) => methods.Add<InvokeServiceRequest, InvokeResponse>("InvokeService", InvokeAsync);

    private static async Task<InvokeResponse> InvokeAsync(AppRuntime app, InvokeServiceRequest request, ServerCallContext call)
    {
        var message = request.Message ?? throw new DaprFault("ERR_DIRECT_INVOKE", "message is missing", 400, StatusCode.InvalidArgument);
        var verb = message.HttpExtension?.Verb.ToString().ToUpperInvariant() is { Length: > 0 } v and not "NONE" ? v : "POST";
        using var http = new HttpRequestMessage(new HttpMethod(verb), (Uri?)null);
        if (message.Data is { Value.Length: > 0 } data)
        {
            http.Content = new ReadOnlyMemoryContent(data.Value.Memory);
            http.Content.Headers.TryAddWithoutValidation("Content-Type", message.ContentType);
        }

        foreach (var header in call.RequestHeaders.Where(h => !h.IsBinary && h.Key is not ("dapr-api-token" or "user-agent" or "content-type" or "te") && !h.Key.StartsWith("grpc-", StringComparison.Ordinal)))
        {
            http.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        var query = message.HttpExtension?.Querystring is { Length: > 0 } q ? "?" + q : "";
        using var answer = await InvocationBlock.InvokeAsync(app, request.Id, "/" + message.Method.TrimStart('/') + query, http, call.CancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(call.CancellationToken);
        var status = InvocationBlock.ToGrpc((int)answer.StatusCode);
        if (status != StatusCode.OK)
        {
            throw new RpcException(new Status(status, System.Text.Encoding.UTF8.GetString(body)));
        }

        return new InvokeResponse
        {
            ContentType = answer.Content.Headers.ContentType?.ToString() ?? "",
            Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) },
        };
    }
}
