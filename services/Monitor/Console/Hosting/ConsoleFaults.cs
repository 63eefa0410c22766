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
        catch (Exception error) when (!context.Response.HasStarted)
        {
            LogFailed(error, context.Request.Path);
            context.Response.Clear();
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync("This page failed; the monitor's log says why. Go back and try again.", context.RequestAborted);
        }
    }

    [LoggerMessage(LogLevel.Error, "The console's page {Path} failed")]
    private partial void LogFailed(Exception error, PathString path);
}
