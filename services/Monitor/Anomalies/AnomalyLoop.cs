using System.Text.Json;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Anomalies;

/// <summary>Looks every minute, and writes down what is known now and then and at the end. A crash forgets what was learned in the last
/// quarter of an hour: minutes that the store still has are looked at again.</summary>
internal sealed partial class AnomalyLoop(AnomalyWatch watch, TimeProvider clock, ILogger<AnomalyLoop> logger) : BackgroundService
{
    private static readonly TimeSpan SaveEvery = TimeSpan.FromMinutes(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(WatchedSeries.Step, clock);
        var (isLoaded, saved) = (false, clock.GetTimestamp());
        while (await Next(timer, stoppingToken))
        {
            // Loaded with the first look: the start waits for neither file nor store.
            isLoaded = isLoaded || Try(watch.Load);
            Try(watch.Look);
            if (clock.GetElapsedTime(saved) >= SaveEvery)
            {
                Try(watch.Save);
                saved = clock.GetTimestamp();
            }
        }

        if (isLoaded)
        {
            Try(watch.Save);
        }
    }

    private static async Task<bool> Next(PeriodicTimer timer, CancellationToken cancellation)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private bool Try(Action act)
    {
        try
        {
            act();
            return true;
        }
        catch (Exception error) when (StoreFaults.Is(error) || error is JsonException)
        {
            // The disk, or the store on it: what it has by the next minute is looked at then.
            LogFailed(error.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The series could not be looked at: {Reason}")]
    private partial void LogFailed(string reason);
}
