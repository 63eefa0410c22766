using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.WebUtilities;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Invocation of HTTP apps by gRPC.</summary>
internal static class InvocationMethods
{
    private const string DaprPrefix = "dapr-";
    private const string NoVerb = "error invoking app channel: rpc error: code = InvalidArgument desc = ";

    public static void Add(MethodTable methods) => methods.Add<InvokeServiceRequest, InvokeResponse>("InvokeService", InvokeAsync);

    private static async Task<InvokeResponse> InvokeAsync(AppRuntime app, InvokeServiceRequest request, ServerCallContext call)
    {
        if (request.Id.Length == 0)
        {
            throw InvocationBlock.Failed("", "app id is empty");
        }

        var message = request.Message ?? throw InvocationBlock.Failed(request.Id, "request does not contain the required field 'message'");
        var extension = Extension(app, request.Id, message);
        using var http = new HttpRequestMessage(HttpMethod.Parse(extension.Verb.ToString().ToUpperInvariant()), (Uri?)null);
        if (message.Data is { Value.Length: > 0 } data)
        {
            http.Content = new ReadOnlyMemoryContent(data.Value.Memory);
            if (message.ContentType.Length > 0)
            {
                http.Content.Headers.TryAddWithoutValidation("Content-Type", message.ContentType);
            }
        }

        CopyRequest(call.RequestHeaders, http);
        var query = extension.Querystring.Length == 0 ? "" : "?" + extension.Querystring;
        using var answer = await InvocationBlock.InvokeAsync(app, request.Id, message.Method.Replace("?", "%3F", StringComparison.Ordinal), query, http, call.CancellationToken);
        if (answer is GrpcRefusal refusal)
        {
            throw new RpcException(new global::Grpc.Core.Status(refusal.Status, refusal.Detail));
        }

        var body = await answer.Content.ReadAsByteArrayAsync(call.CancellationToken);
        var status = InvocationBlock.ToGrpc((int)answer.StatusCode);
        if (status != StatusCode.OK)
        {
            throw FaultDetails.ToRpc(status, (int)answer.StatusCode, ReasonPhrases.GetReasonPhrase((int)answer.StatusCode), Encoding.UTF8.GetString(body));
        }

        await call.WriteResponseHeadersAsync(CopyResponse(answer));
        return new InvokeResponse
        {
            ContentType = answer.Content.Headers.ContentType?.ToString() ?? "",
            Data = new Any { Value = UnsafeByteOperations.UnsafeWrap(body) },
        };
    }

    /// <summary>Only an app that speaks gRPC needs no verb.</summary>
    private static HTTPExtension Extension(AppRuntime app, string appId, InvokeRequest message) => message.HttpExtension switch
    {
        null or { Verb: HTTPExtension.Types.Verb.None } when app.Directory.Find(appId)?.Channel?.Callbacks is not null => message.HttpExtension ?? new HTTPExtension(),
        null => throw InvocationBlock.Failed(appId, NoVerb + "missing HTTP extension field"),
        { Verb: HTTPExtension.Types.Verb.None } => throw InvocationBlock.Failed(appId, NoVerb + "invalid HTTP verb"),
        var extension => extension,
    };

    private static void CopyRequest(global::Grpc.Core.Metadata headers, HttpRequestMessage to)
    {
        foreach (var header in headers)
        {
            if (!header.IsBinary && !Http.InvocationHeaders.IsOurs(header.Key) && header.Key is not ("content-type" or "content-length"))
            {
                to.Headers.TryAddWithoutValidation(Http.InvocationHeaders.PassedName(header.Key), header.Value);
            }
        }
    }

    /// <summary>The app's headers; those that gRPC has itself under another name.</summary>
    private static global::Grpc.Core.Metadata CopyResponse(HttpResponseMessage answer)
    {
        var headers = new global::Grpc.Core.Metadata { { "dapr-http-status", ((int)answer.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture) } };
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            var key = name.ToLowerInvariant();
            if (Http.InvocationHeaders.IsOurs(key) || key == "content-length" || key.EndsWith("-bin", StringComparison.Ordinal))
            {
                continue;
            }

            foreach (var value in values.Where(v => !v.AsSpan().ContainsAnyExceptInRange(' ', '~')))
            {
                headers.Add(key is "content-type" or "date" ? DaprPrefix + key : Http.InvocationHeaders.PassedName(key), value);
            }
        }

        return headers;
    }
}
