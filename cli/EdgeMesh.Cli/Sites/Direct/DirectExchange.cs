using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Cli.Sites.Direct;

/// <summary>One request and its answer. The caller gets the answer's head once the application starts it, and the body as it is written.</summary>
internal sealed class DirectExchange : IHttpRequestLifetimeFeature, IHttpConnectionFeature
{
    /// <summary>How long an answer may go on that its caller left, as on a connection that is to serve the next call.</summary>
    private static readonly TimeSpan RunOut = TimeSpan.FromSeconds(2);

    private static long exchanges;

    private readonly DirectDoor door;
    private readonly DirectApplication application;
    private readonly FeatureCollection features = new();
    private readonly DirectResponse response;
    private readonly CancellationTokenSource aborted = new();
    private readonly TimeProvider clock;
    private volatile ITimer? runningOut;
    private volatile bool isOver;
    private string? connection;

    public DirectExchange(DirectDoor door, DirectApplication application, HttpRequestMessage request, byte[] body, int port, TimeProvider clock)
    {
        (this.door, this.application, LocalPort, this.clock) = (door, application, port, clock);
        response = new DirectResponse(request, LetRunOut, GiveUp);
        var asked = new DirectRequest(request, body);
        features.Set<IHttpRequestFeature>(asked);
        features.Set<IHttpRequestBodyDetectionFeature>(asked);
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(response);
        features.Set<IHttpRequestLifetimeFeature>(this);
        features.Set<IHttpConnectionFeature>(this);
        RequestAborted = aborted.Token;
    }

    public CancellationToken RequestAborted { get; set; }

    public string ConnectionId
    {
        get => connection ??= $"direct-{Interlocked.Increment(ref exchanges)}";
        set => connection = value;
    }

    public IPAddress? RemoteIpAddress { get; set; } = IPAddress.Loopback;

    public int RemotePort { get; set; }

    public IPAddress? LocalIpAddress { get; set; } = IPAddress.Loopback;

    public int LocalPort { get; set; }

    /// <summary>Begins on the caller's thread: what answers at once costs nobody a change of threads.</summary>
    public async Task<HttpResponseMessage> RunAsync(ExecutionContext context, CancellationToken cancellation)
    {
        ExecutionContext.Run(context, state => _ = ((DirectExchange)state!).RunAsync(), this);
        await using var giving = cancellation.UnsafeRegister(state => ((DirectExchange)state!).GiveUp(), this);
        try
        {
            return await response.Head;
        }
        catch (HttpRequestException) when (cancellation.IsCancellationRequested)
        {
            throw new TaskCanceledException("The caller gave up.", null, cancellation);
        }
    }

    /// <summary>By the application: what the caller has not read breaks off.</summary>
    public void Abort()
    {
        response.BreakOff(new IOException("The application broke the exchange off."));
        Tell();
    }

    /// <summary>By the caller: nobody reads any more, and the application is told.</summary>
    private void GiveUp()
    {
        Tell();
        response.Drop();
    }

    /// <summary>By the caller who has had enough of the answer: what is left goes nowhere, and only if it does not end soon is the
    /// application told.</summary>
    private void LetRunOut()
    {
        runningOut = clock.CreateTimer(static exchange => ((DirectExchange)exchange!).GiveUp(), this, RunOut, Timeout.InfiniteTimeSpan);
        if (isOver)
        {
            runningOut.Dispose();
        }
    }

    /// <summary>On another thread: what the application hangs on its token is none of the caller's business, and may fail.</summary>
    private void Tell() => _ = aborted.CancelAsync();

    private async Task RunAsync()
    {
        try
        {
            await application.RunAsync(features, response);
        }
        catch (Exception error)
        {
            // Not the application's own: nobody must wait for a head that never comes.
            response.BreakOff(error);
        }
        finally
        {
            isOver = true;
            runningOut?.Dispose();
            door.Leave();
        }
    }
}
