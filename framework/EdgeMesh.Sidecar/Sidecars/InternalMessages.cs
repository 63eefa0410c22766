using System.Net;
using System.Net.Http.Headers;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Http;
using EdgeMesh.Sidecar.Sidecars.Protos;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>Between HTTP and the messages of sidecars.</summary>
internal static class InternalMessages
{
    public const string Service = "dapr.proto.internals.v1.ServiceInvocation";

    /// <summary>Below this, a status is one of gRPC.</summary>
    private const int SmallestHttpStatus = 100;

    public static Method<InternalInvokeRequest, InternalInvokeResponse> CallLocal { get; } =
        Grpc.ProtoMethod.Of<InternalInvokeRequest, InternalInvokeResponse>(MethodType.Unary, Service, "CallLocal");

    public static Method<InternalInvokeRequestStream, InternalInvokeResponseStream> CallLocalStream { get; } =
        Grpc.ProtoMethod.Of<InternalInvokeRequestStream, InternalInvokeResponseStream>(MethodType.DuplexStreaming, Service, "CallLocalStream");

    /// <summary>A request without its body.</summary>
    public static InternalInvokeRequest From(HttpRequestMessage request)
    {
        var target = request.RequestUri!.PathAndQuery;
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var message = new InvokeRequest
        {
            Method = (question < 0 ? target : target[..question]).TrimStart('/'),
            ContentType = request.Content?.Headers.ContentType?.ToString() ?? "",
            Data = new Any(),
            HttpExtension = new HTTPExtension
            {
                Verb = System.Enum.TryParse<HTTPExtension.Types.Verb>(request.Method.Method, ignoreCase: true, out var verb) ? verb : HTTPExtension.Types.Verb.None,
                Querystring = question < 0 ? "" : target[(question + 1)..],
            },
        };
        var sent = new InternalInvokeRequest { Ver = 1, Message = message.ToByteString() };
        IEnumerable<KeyValuePair<string, HeaderStringValues>> ofBody = request.Content is { } content ? content.Headers.NonValidated : [];
        foreach (var (name, values) in request.Headers.NonValidated.Concat(ofBody))
        {
            sent.Metadata[name] = new ListStringValue { Values = { values } };
        }

        return sent;
    }

    public static HttpRequestMessage ToHttp(InternalInvokeRequest request, InvokeRequest message, Func<string, Uri> address, HttpContent? body)
    {
        var query = message.HttpExtension is { Querystring.Length: > 0 } extension ? "?" + extension.Querystring : "";
        var verb = message.HttpExtension?.Verb.ToString().ToUpperInvariant() ?? "POST";

        // A type may be said of no body too.
        body ??= message.ContentType.Length > 0 ? new ByteArrayContent([]) : null;
        var http = new HttpRequestMessage(new HttpMethod(verb), address(BuildingBlocks.Invocation.MethodPath.Clean("", message.Method) + query)) { Content = body };
        foreach (var (name, values) in request.Metadata)
        {
            // A caller by gRPC sends the content type of its call; that of the body is in the message.
            if (!name.StartsWith(':') && (InvocationHeaders.IsCaller(name) || !InvocationHeaders.IsOurs(name)) && !IsContentType(name))
            {
                var passed = InvocationHeaders.PassedName(name);
                _ = http.Headers.TryAddWithoutValidation(passed, values.Values) || body?.Headers.TryAddWithoutValidation(passed, values.Values) == true;
            }
        }

        if (body is not null && message.ContentType.Length > 0)
        {
            body.Headers.TryAddWithoutValidation("Content-Type", message.ContentType);
        }

        return http;
    }

    /// <summary>An answer without its body.</summary>
    public static InternalInvokeResponse From(HttpResponseMessage answer, bool fromGrpcApp)
    {
        var response = new InternalInvokeResponse
        {
            Status = answer is GrpcRefusal refusal
                ? new Protos.Status { Code = (int)refusal.Status, Message = refusal.Detail }
                : new Protos.Status { Code = fromGrpcApp ? 0 : (int)answer.StatusCode },
            Message = new InvokeResponse { ContentType = answer.Content.Headers.ContentType?.ToString() ?? "", Data = new Any() }.ToByteString(),
        };
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated).Where(h => !InvocationHeaders.IsOurs(h.Key) && !IsContentType(h.Key)))
        {
            response.Headers[name] = new ListStringValue { Values = { values } };
        }

        return response;
    }

    public static HttpResponseMessage ToHttp(InternalInvokeResponse response, HttpContent body)
    {
        var code = response.Status?.Code ?? 0;
        if (code is > 0 and < SmallestHttpStatus)
        {
            body.Dispose();
            return new GrpcRefusal((StatusCode)code, response.Status!.Message);
        }

        var answer = new HttpResponseMessage(code == 0 ? HttpStatusCode.OK : (HttpStatusCode)code) { Content = body };
        Copy(response.Headers, answer);
        var message = InvokeResponse.Parser.ParseFrom(response.Message);
        if (body.Headers.ContentType is null && message.ContentType.Length > 0)
        {
            body.Headers.TryAddWithoutValidation("Content-Type", message.ContentType);
        }

        return answer;
    }

    private static bool IsContentType(string name) => name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase);

    private static void Copy(MapField<string, ListStringValue> headers, HttpResponseMessage answer)
    {
        foreach (var (name, values) in headers)
        {
            if (!name.StartsWith(':') && !InvocationHeaders.IsOurs(name))
            {
                _ = answer.Headers.TryAddWithoutValidation(name, values.Values) || answer.Content.Headers.TryAddWithoutValidation(name, values.Values);
            }
        }
    }
}
