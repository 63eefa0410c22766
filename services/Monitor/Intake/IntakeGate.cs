using System.Globalization;

namespace EdgeMesh.Services.Monitor.Intake;

/// <summary>Lets few exports in at a time: each may be large, and memory is bounded. Some wait before a byte of theirs is read; the rest
/// are told to come again.</summary>
internal sealed class IntakeGate
{
    private const int AtATime = 4;

    /// <summary>At work and waiting.</summary>
    public const int Most = AtATime + 64;

    private const string ResourceExhausted = "8";

    private readonly SemaphoreSlim _room = new(AtATime);
    private int _here;

    public async Task PassAsync(HttpContext context, RequestDelegate next)
    {
        if (Interlocked.Increment(ref _here) > Most)
        {
            Interlocked.Decrement(ref _here);
            context.RequestServices.GetRequiredService<IntakeMeter>().NoteTurnedAway(OtlpPaths.Signal(context.Request.Path));
            TurnAway(context);
            return;
        }

        try
        {
            await _room.WaitAsync(context.RequestAborted);
            try
            {
                await next(context);
            }
            finally
            {
                _room.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _here);
        }
    }

    private static void TurnAway(HttpContext context)
    {
        var seconds = IntakeResult.RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        if (OtlpPaths.IsGrpc(context.Request.Path))
        {
            // An answer of trailers alone.
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = ResourceExhausted;
            context.Response.Headers["grpc-message"] = "Too many exports at a time.";
            context.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(Grpc.RetryDetails.Of("Too many exports at a time."));
            return;
        }

        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers.RetryAfter = seconds;
    }
}
