using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Consents;

namespace EdgeMesh.Services.Records.Sharing;

/// <summary>A commit's reason: the period of a patient's consent has begun or ended.</summary>
/// <param name="PatientId">Whose consents turned.</param>
internal sealed record PeriodReview(string PatientId);

/// <summary>Does what time alone brings about: nobody commits anything when a consent's period begins or ends, so the owner looks by itself
/// and commits what peers gain and lose by it. What a review changes is read off what peers hold, so one too many changes nothing, and
/// after a restart every period that has turned is looked at again. It also keeps how fresh other sites' consents are.</summary>
internal sealed partial class ConsentWatch(
    ConsentIndex index, FollowerLoop consents, Journal changes, ConsentFreshness freshness, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private DateTimeOffset _reviewed = DateTimeOffset.MinValue;

    public void Start() => _loop = Task.Run(() => RunAsync(_stop.Token));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await ((Task)_loop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
        freshness.Save();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            freshness.Save();
            try
            {
                await ReviewAsync(cancellation);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                // The store may be away in any way; what was not reviewed is with the next tick.
                LogLater(logger, error.Message);
            }

            await Task.Delay(Tick, clock, cancellation);
        }
    }

    private async Task ReviewAsync(CancellationToken cancellation)
    {
        await consents.ReachAsync(changes.Head, cancellation);
        var now = clock.GetUtcNow();
        foreach (var patient in index.Turning(_reviewed, now).ToList())
        {
            if (await changes.CommitAsync(new Commit { SharingContext = new PeriodReview(patient) }, cancellation) is CommitResult.Refused refused)
            {
                throw new JournalUnavailableException(refused.Detail);
            }
        }

        // A consent that was decided on just before it turned may reach the index just after: the next ticks look at it again.
        _reviewed = now - 2 * Tick;
    }

    [LoggerMessage(LogLevel.Warning, "Consents whose period turned could not be reviewed: {Reason}. Trying again.")]
    private static partial void LogLater(ILogger logger, string reason);
}
