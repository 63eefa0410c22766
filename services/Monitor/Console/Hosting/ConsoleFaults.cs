using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Console.Hosting;

/// <summary>Answers for pages that fail: the log has the reason, the page says so.</summary>
internal sealed partial class ConsoleFaults(RequestDelegate next, ILogger<ConsoleFaults> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the page.
        }
        catch (TimeoutException error) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, error.Message);
        }
        catch (Exception error) when (!context.Response.HasStarted && StoreFaults.Is(error))
        {
            LogStore(context.Request.Path, error.Message);
            await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, "The store does not answer at the moment. Try again soon; the monitor's log says why.");
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            LogFailed(error, context.Request.Path);
            await AnswerAsync(context, StatusCodes.Status500InternalServerError, "This page failed; the monitor's log says why. Go back and try again.");
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.Clear();
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    [LoggerMessage(LogLevel.Warning, "The console's page {Path} could not be drawn: {Reason}")]
    private partial void LogStore(PathString path, string reason);

    [LoggerMessage(LogLevel.Error, "The console's page {Path} failed")]
    private partial void LogFailed(Exception error, PathString path);
}
