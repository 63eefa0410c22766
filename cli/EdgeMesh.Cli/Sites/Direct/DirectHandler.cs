using System.Diagnostics;
using System.Net;

namespace EdgeMesh.Cli.Sites.Direct;

/// <summary>Sends requests to a host of this process without a socket: the same pipeline sees the same request, and neither side writes and
/// parses it, nor does the kernel carry it. Takes what is plain (HTTP/1.1, a path that need not be decoded, a body of known and small
/// length) and within the host's limits while its door is open, and leaves the rest to the sockets.</summary>
/// <param name="door">The host's.</param>
/// <param name="port">The port of the listener that the request would have come by.</param>
/// <param name="sockets">The handler that it stands before.</param>
/// <param name="clock">How long an answer that the caller left may still take.</param>
/// <param name="tellsTrace">Whether it says which span calls, as the sockets' handler would.</param>
internal sealed class DirectHandler(DirectDoor door, int port, HttpMessageHandler sockets, TimeProvider clock, bool tellsTrace) : DelegatingHandler(sockets)
{
    private const long LargestBody = 64 * 1024;

    // What a caller keeps in its context (HttpContextAccessor, log scopes, the current span) is not the callee's.
    private static readonly ExecutionContext Clean = CleanContext();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        IsPlain(request) && door.Enter() is { } application ? SendAsync(application, request, cancellationToken) : base.SendAsync(request, cancellationToken);

    private static bool IsPlain(HttpRequestMessage request) =>
        request.Version == HttpVersion.Version11
        && (request.Content is null || request.Content.Headers.ContentLength is <= LargestBody)
        && request.Headers.TransferEncodingChunked != true && request.Headers.ExpectContinue != true && !request.Headers.NonValidated.Contains("Upgrade")
        && Path(request).AsSpan().IndexOf('%') < 0 && !Path(request).Contains("/.", StringComparison.Ordinal);

    private static string Path(HttpRequestMessage request) => request.RequestUri!.AbsolutePath;

    private async Task<HttpResponseMessage> SendAsync(DirectApplication application, HttpRequestMessage request, CancellationToken cancellation)
    {
        var entered = true;
        try
        {
            if (!application.Limits.Allow(request))
            {
                return await base.SendAsync(request, cancellation);
            }

            cancellation.ThrowIfCancellationRequested();
            var body = request.Content is { } content ? await content.ReadAsByteArrayAsync(cancellation) : [];
            if (tellsTrace)
            {
                DistributedContextPropagator.Current.Inject(Activity.Current, request, Tell);
            }

            var exchange = new DirectExchange(door, application, request, body, port, clock);
            entered = false;
            return await exchange.RunAsync(Clean, cancellation);
        }
        finally
        {
            if (entered)
            {
                door.Leave();
            }
        }
    }

    private static void Tell(object? request, string name, string value)
    {
        var headers = ((HttpRequestMessage)request!).Headers;
        headers.Remove(name);
        headers.TryAddWithoutValidation(name, value);
    }

    private static ExecutionContext CleanContext()
    {
        ExecutionContext? clean = null;
        var thread = new Thread(() => clean = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return clean!;
    }
}
