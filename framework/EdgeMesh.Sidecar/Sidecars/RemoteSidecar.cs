using EdgeMesh.Sidecar.BuildingBlocks.Invocation;
using EdgeMesh.Sidecar.Sidecars.Protos;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>An app behind another sidecar of the machine: a daprd, or another process of this engine.</summary>
internal sealed class RemoteSidecar(SidecarConnection connection, string appId, string callerAppId) : IInvocationTarget
{
    public string AppId => appId;

    private readonly CallInvoker _invoker = connection.Channel.CreateCallInvoker();

    /// <summary>Only path and query travel.</summary>
    public Uri Address(string pathAndQuery) => new("http://sidecar" + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        var headers = new Metadata { { "dapr-caller-app-id", callerAppId } };
        if (request.Headers.NonValidated.TryGetValues("traceparent", out var trace))
        {
            headers.Add("traceparent", trace.ToString());
        }

        var call = _invoker.AsyncDuplexStreamingCall(InternalMessages.CallLocalStream, null, new CallOptions(headers, cancellationToken: cancellation));
        var sending = SendAsync(call, request, cancellation);
        try
        {
            if (!await call.ResponseStream.MoveNext(cancellation) || call.ResponseStream.Current.Response is not { } response)
            {
                throw new RpcException(new global::Grpc.Core.Status(StatusCode.Internal, "the other sidecar answered nothing"));
            }

            connection.Answered();
            var payloads = PayloadReader.ReadAsync(call.ResponseStream.Current.Payload, call.ResponseStream, m => m.Payload, 0, cancellation);
            return InternalMessages.ToHttp(response, new PayloadContent(payloads, new Ending(call, sending)));
        }
        catch (Exception error)
        {
            call.Dispose();
            await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw Reason(sending, error, cancellation);
        }
    }

    /// <summary>The caller's body may be what failed: then that is the reason.</summary>
    private Exception Reason(Task sending, Exception error, CancellationToken cancellation) => (sending.Exception?.InnerException, error) switch
    {
        (IOException body, _) => new HttpRequestException(body.Message, body),
        (HttpRequestException body, _) => body,
        (_, RpcException) when cancellation.IsCancellationRequested => new OperationCanceledException(error.Message, error, cancellation),
        (_, RpcException rpc) => connection.Explain(rpc.Status.DebugException) is { } reason
            ? new RemoteFailureException(StatusCode.Unavailable, reason, rpc)
            : new RemoteFailureException(rpc.StatusCode, rpc.Status.Detail, rpc),
        _ => error,
    };

    /// <summary>Ends the call when the body can't be read: the other side must not take half of it for all.</summary>
    private static async Task SendAsync(AsyncDuplexStreamingCall<InternalInvokeRequestStream, InternalInvokeResponseStream> call, HttpRequestMessage request, CancellationToken cancellation)
    {
        var to = call.RequestStream;
        try
        {
            await OrUnsentAsync(to.WriteAsync(new InternalInvokeRequestStream { Request = InternalMessages.From(request) }, cancellation));
            if (request.Content is { } content)
            {
                await using var pieces = new PayloadStream((payload, token) => OrUnsentAsync(to.WriteAsync(new InternalInvokeRequestStream { Payload = payload }, token)));
                await content.CopyToAsync(pieces, cancellation);
            }

            await OrUnsentAsync(to.CompleteAsync());
        }
        catch (UnsentException)
        {
            // The answer says why: the call is left to it.
            throw;
        }
        catch
        {
            call.Dispose();
            throw;
        }
    }

    private static async Task OrUnsentAsync(Task write)
    {
        try
        {
            await write;
        }
        catch (Exception error)
        {
            throw new UnsentException(error);
        }
    }

    /// <summary>The way to the other sidecar failed, and not what was to be sent.</summary>
    private sealed class UnsentException(Exception error) : Exception(error.Message, error);

    /// <summary>Ends the call with the answer's body. What is still sent then nobody reads.</summary>
    private sealed class Ending(AsyncDuplexStreamingCall<InternalInvokeRequestStream, InternalInvokeResponseStream> call, Task sending) : IDisposable
    {
        public void Dispose()
        {
            call.Dispose();
            _ = sending.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}

/// <summary>Another sidecar refused a call or is not there; the message is as daprd writes it.</summary>
internal sealed class RemoteFailureException(StatusCode status, string detail, RpcException error) : Exception($"rpc error: code = {status} desc = {detail}", error)
{
    public StatusCode Status => status;

    public string Detail => detail;
}
