namespace EdgeMesh.Replication.Storage;

/// <summary>How long to wait before trying again: doubling, with jitter so that sites don't come back in step.</summary>
internal static class Pauses
{
    private const int DoublingLimit = 6;

    public static Task WaitAsync(JournalOptions options, int attempt, CancellationToken cancellation) =>
        Task.Delay(After(options.FirstPause, attempt), options.Clock, cancellation);

    /// <summary>Waits, or less when cancelled: the caller looks at its token.</summary>
    public static async Task SleepAsync(TimeSpan pause, TimeProvider clock, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(pause, clock, cancellation);
        }
        catch (OperationCanceledException)
        {
            // The caller stops.
        }
    }

    public static TimeSpan After(TimeSpan first, int attempt) =>
        first * (1 << Math.Min(attempt - 1, DoublingLimit)) * (0.75 + Random.Shared.NextDouble() / 2);
}
