using System.Net;
using Grpc.Core;

namespace EdgeMesh.Testing;

/// <summary>Records what a sidecar calls on its app, and lets faults strike there. Bodies are read whole: they are recorded, and may be sent
/// twice; but for what a gRPC client streams, which may never end. What the sidecar only asks (subscriptions, configuration, health) passes
/// as it is.</summary>
/// <param name="app">The app.</param>
/// <param name="gate">Where its calls pass.</param>
/// <param name="inner">The way to it.</param>
internal sealed class AppCalls(HostedApp app, CallGate gate, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var method = GrpcCalls.MethodOf(request, app);
        var isStream = method is MethodType.ClientStreaming or MethodType.DuplexStreaming;
        var data = isStream || request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        if ((method is null ? HttpCalls.See(app.AppId, request, data) : GrpcCalls.See(app.AppId, request, data)) is not { } call)
        {
            return await gate.UnlessKilledAsync(token => base.SendAsync(request, token), cancellationToken);
        }

        HttpResponseMessage? answer = null;
        var (isSent, isReturned) = (false, false);
        try
        {
            await gate.PassAsync(call, async token =>
            {
                if (isStream && isSent)
                {
                    // It has passed, and can't come again.
                    return null;
                }

                isSent = true;
                var last = await SendOnceAsync(isStream ? request : Copy(request, data), method == MethodType.Unary, token);
                (isReturned ? last : answer)?.Dispose();
                answer = last;
                return method is null ? (int)last.StatusCode : GrpcCalls.StatusOf(last);
            }, cancellationToken);
        }
        catch
        {
            answer?.Dispose();
            throw;
        }

        isReturned = true;
        // Dropped or held back: for the sidecar it is done.
        return answer ?? (method is null ? new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request } : GrpcCalls.Done(request, method.Value));
    }

    /// <param name="request">What is sent.</param>
    /// <param name="isWhole">Whether the answer is one message, which is read so that its status is known.</param>
    /// <param name="cancellation">Ends it.</param>
    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, bool isWhole, CancellationToken cancellation)
    {
        var answer = await base.SendAsync(request, cancellation);
        try
        {
            await (isWhole ? answer.Content.LoadIntoBufferAsync(cancellation) : Task.CompletedTask);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>A request can be sent once; a fault may send it twice.</summary>
    private static HttpRequestMessage Copy(HttpRequestMessage request, byte[] data)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Version = request.Version, VersionPolicy = request.VersionPolicy };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            copy.Headers.TryAddWithoutValidation(name, values);
        }

        if (request.Content is not null)
        {
            copy.Content = new ByteArrayContent(data);
            foreach (var (name, values) in request.Content.Headers.NonValidated)
            {
                copy.Content.Headers.TryAddWithoutValidation(name, values);
            }
        }

        return copy;
    }
}
