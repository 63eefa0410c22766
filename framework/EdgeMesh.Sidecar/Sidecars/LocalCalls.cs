using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.Sidecars.Protos;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>What other sidecars ask of an app behind this one.</summary>
internal static class LocalCalls
{
    /// <summary>Request and answer whole.</summary>
    public static async Task<InternalInvokeResponse> CallAsync(AppRuntime app, InternalInvokeRequest request, ServerCallContext call)
    {
        var message = InvokeRequest.Parser.ParseFrom(request.Message);
        using var content = message.Data is { Value.Length: > 0 } data ? new ReadOnlyMemoryContent(data.Value.Memory) : null;
        using var answer = await SendAsync(app, request, message, content, call);
        var response = InternalMessages.From(answer, app.Channel!.Callbacks is not null);
        var body = await answer.Content.ReadAsByteArrayAsync(call.CancellationToken);
        response.Message = new InvokeResponse { ContentType = answer.Content.Headers.ContentType?.ToString() ?? "", Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) } }.ToByteString();
        return response;
    }

    /// <summary>Bodies in pieces, both ways.</summary>
    public static async Task CallStreamAsync(AppRuntime app, IAsyncStreamReader<InternalInvokeRequestStream> requests, IServerStreamWriter<InternalInvokeResponseStream> answers, ServerCallContext call)
    {
        var cancellation = call.CancellationToken;
        if (!await requests.MoveNext(cancellation) || requests.Current.Request is not { } request)
        {
            throw new RpcException(new global::Grpc.Core.Status(StatusCode.InvalidArgument, "the first message has no request"));
        }

        var message = InvokeRequest.Parser.ParseFrom(request.Message);
        using var content = await BodyAsync(requests, message, cancellation);
        using var answer = await SendAsync(app, request, message, content, call);
        await answers.WriteAsync(new InternalInvokeResponseStream { Response = InternalMessages.From(answer, app.Channel!.Callbacks is not null) }, cancellation);
        await using var pieces = new PayloadStream((payload, token) => answers.WriteAsync(new InternalInvokeResponseStream { Payload = payload }, token));
        await answer.Content.CopyToAsync(pieces, cancellation);
    }

    /// <summary>Null: the request has none, as its first two messages tell.</summary>
    private static async Task<HttpContent?> BodyAsync(IAsyncStreamReader<InternalInvokeRequestStream> requests, InvokeRequest message, CancellationToken cancellation)
    {
        if (message.Data is { Value.Length: > 0 } data)
        {
            return new ReadOnlyMemoryContent(data.Value.Memory);
        }

        var first = requests.Current.Payload;
        if (first is null || first.Data.IsEmpty)
        {
            // The pieces are counted from the first, empty or not.
            var isCounted = first is not null;
            if (!await requests.MoveNext(cancellation))
            {
                return null;
            }

            return new PayloadContent(PayloadReader.ReadAsync(requests.Current.Payload, requests, m => m.Payload, isCounted ? 1UL : 0UL, cancellation), null);
        }

        return new PayloadContent(PayloadReader.ReadAsync(first, requests, m => m.Payload, 0, cancellation), null);
    }

    private static async Task<HttpResponseMessage> SendAsync(AppRuntime app, InternalInvokeRequest request, InvokeRequest message, HttpContent? content, ServerCallContext call)
    {
        if (app.Channel is not { } channel)
        {
            throw new RpcException(new global::Grpc.Core.Status(StatusCode.Internal, "app channel is not initialized"));
        }

        using var http = Request(channel, request, message, content);
        app.Tracing?.NameInvocation(app.AppId, message.Method);
        if (app.Tracing is not null && call.RequestHeaders.GetValue("traceparent") is { } parent)
        {
            // The span of this call, below which the app's are.
            http.Headers.Remove("traceparent");
            http.Headers.TryAddWithoutValidation("traceparent", parent);
        }

        // Without mutual TLS nobody says who calls: daprd names nobody then, too.
        var caller = call.GetHttpContext().Features.Get<CallerIdentity>();
        if (app.Configuration.AccessControl?.Refusal(caller, http.RequestUri!.AbsolutePath.TrimStart('/'), channel.VerbOf(http)) is { } refusal)
        {
            throw new RpcException(new global::Grpc.Core.Status(StatusCode.PermissionDenied, refusal));
        }

        if (!app.IsHealthy)
        {
            throw new RpcException(new global::Grpc.Core.Status(StatusCode.Internal, "error invoking app channel: rpc error: code = Internal desc = app is not in a healthy state"));
        }

        try
        {
            return await InvocationMetrics.CountReceivedAsync(app.AppId, Caller(http), () => channel.SendAsync(http, call.CancellationToken));
        }
        catch (HttpRequestException error)
        {
            throw new RpcException(new global::Grpc.Core.Status(StatusCode.Internal, $"error invoking app channel: {error.Message}"));
        }
    }

    private static string Caller(HttpRequestMessage request) => request.Headers.NonValidated.TryGetValues("dapr-caller-app-id", out var id) ? id.ToString() : "";

    private static HttpRequestMessage Request(AppChannel channel, InternalInvokeRequest request, InvokeRequest message, HttpContent? content)
    {
        try
        {
            return InternalMessages.ToHttp(request, message, channel.Address, content);
        }
        catch (DaprFault fault)
        {
            throw new RpcException(new global::Grpc.Core.Status(StatusCode.InvalidArgument, fault.Message));
        }
    }
}
