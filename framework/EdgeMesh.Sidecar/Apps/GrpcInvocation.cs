using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>An HTTP request to an app that speaks gRPC: <c>AppCallback.OnInvoke</c> carries method, query, headers and body there, and its
/// answer back.</summary>
internal static class GrpcInvocation
{
    /// <exception cref="HttpRequestException">The app is not there.</exception>
    public static async Task<HttpResponseMessage> SendAsync(AppCallbacks callbacks, HttpRequestMessage request, CancellationToken cancellation)
    {
        var message = await MessageAsync(request, cancellation);
        using var call = callbacks.OnInvoke(message, Headers(request), cancellation);
        try
        {
            var answer = await call.ResponseAsync;
            return Answer(answer, await call.ResponseHeadersAsync);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unavailable && error.Status.DebugException is HttpRequestException)
        {
            throw new HttpRequestException(error.Status.Detail, error);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Cancelled && cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(error.Message, error, cancellation);
        }
        catch (RpcException error)
        {
            return new GrpcRefusal(error.StatusCode, error.Status.Detail);
        }
    }

    private static async Task<InvokeRequest> MessageAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var target = request.RequestUri!.PathAndQuery;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        var body = request.Content is null ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(await request.Content.ReadAsByteArrayAsync(cancellation));
        return new InvokeRequest
        {
            Method = path.TrimStart('/'),
            Data = new Any { Value = body },
            ContentType = request.Content?.Headers.ContentType?.ToString() ?? "",
            HttpExtension = System.Enum.TryParse<HTTPExtension.Types.Verb>(request.Method.Method, ignoreCase: true, out var verb) && verb != HTTPExtension.Types.Verb.None
                ? new HTTPExtension { Verb = verb, Querystring = question < 0 ? "" : target[(question + 1)..] }
                : null,
        };
    }

    private static global::Grpc.Core.Metadata Headers(HttpRequestMessage request)
    {
        var headers = new global::Grpc.Core.Metadata();
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            foreach (var value in values.Where(v => v.All(c => c is >= ' ' and <= '~')))
            {
                headers.Add(name.ToLowerInvariant(), value);
            }
        }

        return headers;
    }

    private static HttpResponseMessage Answer(InvokeResponse answer, global::Grpc.Core.Metadata headers)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ReadOnlyMemoryContent(answer.Data?.Value.Memory ?? default) };
        foreach (var header in headers.Where(h => !h.IsBinary))
        {
            response.Headers.TryAddWithoutValidation(header.Key, header.Value);
        }

        if (answer.ContentType.Length > 0)
        {
            response.Content.Headers.Remove("Content-Type");
            response.Content.Headers.TryAddWithoutValidation("Content-Type", answer.ContentType);
        }

        return response;
    }

    /// <summary>The HTTP status of a gRPC one, as Dapr maps it.</summary>
    public static HttpStatusCode ToHttp(StatusCode status) => status switch
    {
        StatusCode.OK => HttpStatusCode.OK,
        StatusCode.Cancelled => HttpStatusCode.RequestTimeout,
        StatusCode.InvalidArgument or StatusCode.FailedPrecondition or StatusCode.OutOfRange => HttpStatusCode.BadRequest,
        StatusCode.DeadlineExceeded => HttpStatusCode.GatewayTimeout,
        StatusCode.NotFound => HttpStatusCode.NotFound,
        StatusCode.AlreadyExists or StatusCode.Aborted => HttpStatusCode.Conflict,
        StatusCode.PermissionDenied => HttpStatusCode.Forbidden,
        StatusCode.Unauthenticated => HttpStatusCode.Unauthorized,
        StatusCode.ResourceExhausted => HttpStatusCode.TooManyRequests,
        StatusCode.Unimplemented => HttpStatusCode.NotImplemented,
        StatusCode.Unavailable => HttpStatusCode.ServiceUnavailable,
        _ => HttpStatusCode.InternalServerError,
    };
}

/// <summary>An app that speaks gRPC refused: its status, and for callers by HTTP what daprd makes of it.</summary>
internal sealed class GrpcRefusal : HttpResponseMessage
{
    public GrpcRefusal(StatusCode status, string detail)
        : base(GrpcInvocation.ToHttp(status))
    {
        (Status, Detail) = (status, detail);
        var body = $$"""{"code":{{(int)status}},"message":"{{JsonEncodedText.Encode(detail, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}}"}""";
        Content = new StringContent(body, new System.Net.Http.Headers.MediaTypeHeaderValue("text/plain", "utf-8"));
    }

    public StatusCode Status { get; }

    public string Detail { get; }
}
