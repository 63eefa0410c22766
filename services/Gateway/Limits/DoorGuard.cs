using System.Threading.RateLimiting;
using EdgeMesh.Services.Gateway.Doors;
using EdgeMesh.Services.Gateway.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Services.Gateway.Limits;

/// <summary>What both doors do with every request: plain paths only, so many at a time, bodies whole and within the limit, an answer to
/// whatever goes wrong.</summary>
internal sealed partial class DoorGuard(RefusalWriter refusals, BufferBudget budget, GatewayOptions options, ILogger<DoorGuard> logger) : IDisposable
{
    private readonly ConcurrencyLimiter _public = Limiter(options);
    private readonly ConcurrencyLimiter _mesh = Limiter(options);
    // Of its own: live pages stay for hours, and must not take the room of those who work.
    private readonly ConcurrencyLimiter _console = Limiter(options);

    /// <summary>Runs what a door does with a request, which either answers it or says why not.</summary>
    public Task AnswerAsync(HttpContext context, Door door, Func<HttpContext, string, Task<Refusal?>> answer)
    {
        // Invocation can't carry an upgraded connection, so nobody is offered one.
        context.Features.Set<IHttpUpgradeFeature>(null);
        context.Features.Set<IHttpExtendedConnectFeature>(null);
        return AnswerAsync(context, door == Door.Public ? _public : _mesh, answer);
    }

    /// <summary>The same for the console, which is reached without invocation, and whose live connection is an upgraded one.</summary>
    public Task AnswerConsoleAsync(HttpContext context, Func<HttpContext, string, Task<Refusal?>> answer) => AnswerAsync(context, _console, answer);

    /// <summary>Takes the body in whole, then runs what passes the request on.</summary>
    public async Task<Refusal?> WithBodyAsync(HttpContext context, Func<Task<Refusal?>> passOn)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true)
        {
            return await passOn();
        }

        if (context.Request.ContentLength > options.BodyLimit)
        {
            return Refusal.BodyTooLarge(options.BodyLimit);
        }

        using var body = new BufferedBody(budget);
        if (await ReadAsync(context, body) is { } refusal)
        {
            return refusal;
        }

        context.Request.Body = body;
        context.Request.Headers.TransferEncoding = default;
        context.Request.ContentLength = body.Length;
        return await passOn();
    }

    public void Dispose()
    {
        _public.Dispose();
        _mesh.Dispose();
        _console.Dispose();
    }

    private async Task AnswerAsync(HttpContext context, ConcurrencyLimiter limiter, Func<HttpContext, string, Task<Refusal?>> answer)
    {
        if (await TryAnswerAsync(context, limiter, answer) is { } refusal)
        {
            await refusals.WriteAsync(context, refusal);
        }
    }

    private async Task<Refusal?> TryAnswerAsync(HttpContext context, ConcurrencyLimiter limiter, Func<HttpContext, string, Task<Refusal?>> answer)
    {
        if (!PlainPaths.TryRead(context, out var path))
        {
            return Refusal.PathNotAllowed;
        }

        using var lease = limiter.AttemptAcquire();
        if (!lease.IsAcquired)
        {
            return Refusal.TooManyRequests;
        }

        Prepare(context);
        try
        {
            return await answer(context, path);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for an answer.
            return null;
        }
        catch (Exception error)
        {
            LogFailed(error, context.Request.Method);
            return Refusal.Unforeseen;
        }
    }

    private static void Prepare(HttpContext context)
    {
        // Ours is the limit that is enforced, with an answer; the server would break the connection off, and some clients would never see why.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }
    }

    private async Task<Refusal?> ReadAsync(HttpContext context, BufferedBody body)
    {
        try
        {
            return await body.FillAsync(context.Request.Body, context.Request.ContentLength, options.BodyLimit, context.RequestAborted) switch
            {
                BufferingResult.TooLarge => Refusal.BodyTooLarge(options.BodyLimit),
                BufferingResult.NoRoom => Refusal.TooManyRequests,
                _ => null,
            };
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status408RequestTimeout)
        {
            return Refusal.BodyTooSlow;
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            return Refusal.BodyCutOff;
        }
    }

    private static ConcurrencyLimiter Limiter(GatewayOptions options) => new(new ConcurrencyLimiterOptions { PermitLimit = options.Concurrency, QueueLimit = 0 });

    [LoggerMessage(LogLevel.Error, "A {Method} failed in the gateway")]
    private partial void LogFailed(Exception error, string method);
}
