using Dapr;
using EdgeMesh.Telemetry;
using Grpc.Core;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Hosting;

/// <summary>Answers for exceptions that are no fault of the service: a request that can't be read, a sidecar that is away. Everything
/// else is a broken invariant: 500, and the log has it.</summary>
internal sealed partial class FaultAnswers(EdgeMeshSettings settings, ILogger<FaultAnswers> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellation)
    {
        var answer = exception switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
                Problems.Problem(StatusCodes.Status413PayloadTooLarge, ErrorCodes.Of(StatusCodes.Status413PayloadTooLarge), "The request's body is too large.",
                    $"At most {settings.BodyLimit} bytes are taken (setting EdgeMesh:BodyLimit). Send less, or in parts."),
            BadHttpRequestException bad =>
                Problems.Problem(bad.StatusCode, ErrorCodes.Of(bad.StatusCode), "The request can't be read.", bad.Message),
            _ => SidecarAway(context, exception),
        };
        if (answer is null)
        {
            return false;
        }

        await answer.ExecuteAsync(context);
        return true;
    }

    private IResult? SidecarAway(HttpContext context, Exception exception)
    {
        if ((exception is DaprException ? exception.InnerException : exception) is not RpcException { StatusCode: StatusCode.Unavailable })
        {
            return null;
        }

        LogSidecarAway(AnonymousAddress.OfPath(context.Request.Path), exception.Message);
        context.Response.Headers.RetryAfter = "1";
        return Problems.Problem(StatusCodes.Status503ServiceUnavailable, "sidecar-unavailable", "The service's sidecar does not answer.",
            "Try again in a moment; /readyz says what the service waits for.");
    }

    [LoggerMessage(LogLevel.Warning, "The sidecar did not answer during {Path}: {Reason}")]
    private partial void LogSidecarAway(string path, string reason);
}
