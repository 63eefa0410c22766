using System.Diagnostics.CodeAnalysis;

namespace EdgeMesh.Services.Monitor.Console.Hosting;

/// <summary>Draws the first pages once, a while after the start: whoever comes first does not wait for what is compiled at the first drawing, and
/// the start does not wait for it either.</summary>
internal sealed partial class ConsoleWarmUp(ConsoleHost console, ConsoleOptions options, TimeProvider clock, ILogger<ConsoleWarmUp> logger) : BackgroundService
{
    private static readonly string[] Pages = ["/sign-in", "/"];

    [SuppressMessage("Design", "CA1031", Justification = "A page may fail in any way; no such way is a reason to stop the monitor.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.WarmAfter is not { } after)
        {
            return;
        }

        await Task.Delay(after, clock, stoppingToken);
        try
        {
            foreach (var page in Pages)
            {
                await console.DrawAsync(page);
            }
        }
        catch (Exception error)
        {
            // Whoever opens it will see; the monitor's other work goes on.
            LogFailed(error);
        }
    }

    [LoggerMessage(LogLevel.Error, "The console could not be drawn")]
    private partial void LogFailed(Exception error);
}
