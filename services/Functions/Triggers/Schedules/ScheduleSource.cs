using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Triggers.Schedules;

/// <summary>Calls a function at the times of a schedule, as long as any version has it. The last time that was called for is stored after its call, so a crash repeats one
/// call, under the same idempotency key. A call that fails is not repeated: the next time comes. One that could not be made stays due, as far as
/// the schedule's policy for missed times has it.</summary>
internal sealed partial class ScheduleSource(
    string function, ScheduleTrigger schedule, DaprClient dapr, SiteIdentity identity, TimeProvider clock, Func<string, KnownBundle?> choose, FunctionCalls calls, ILogger logger)
    : TriggerSource(function, choose, calls), IAsyncDisposable
{
    private const string Store = "heads";
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);
    private static readonly TimeSpan StoreLimit = TimeSpan.FromSeconds(10);

    /// <summary>No more calls begin.</summary>
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Nor is one waited for that is under way.</summary>
    private readonly CancellationTokenSource _ended = new();
    private volatile ScheduleTrigger _schedule = schedule;
    private Task _loop = Task.CompletedTask;

    /// <summary>Another version's, of the same row: what it does with missed times may differ.</summary>
    public ScheduleTrigger Schedule { set => _schedule = value; }

    /// <summary>Where it stores the last time that it called for.</summary>
    public string Row { get; } = RowOf(identity, function, schedule);

    private string Name { get; } = NameOf(schedule);

    /// <summary>Where the last time that a schedule was called for is stored.</summary>
    public static string RowOf(SiteIdentity identity, string function, ScheduleTrigger schedule) => $"{identity.Site}/functions/schedule/{function}/{NameOf(schedule)}";

    public void Start() => _loop = RunAsync(_stop.Token);

    /// <summary>Begins no more, and returns when the call under way is over and stored.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
    }

    /// <summary>No version has it any more: the call under way comes to its end by itself, and nothing is stored for it.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _ended.CancelAsync();
        await DisposeAsync();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await KeepAsync(await KeptAsync(cancellation), cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // The store is away; what was missed meanwhile is the schedule's own policy.
                LogFailed(logger, Function, _schedule.Cron, error.Message);
                await SleepAsync(FailurePause, cancellation);
            }
        }
    }

    /// <summary>Goes on as long as every call can be made, and is begun again from what was stored.</summary>
    private async Task KeepAsync(DateTimeOffset kept, CancellationToken cancellation)
    {
        while (true)
        {
            if (ScheduleTimes.Next(_schedule, kept) is not { } next)
            {
                await SleepAsync(LongestSleep, cancellation);
                continue;
            }

            var wait = next - clock.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait < LongestSleep ? wait : LongestSleep, clock, cancellation);
                continue;
            }

            var now = clock.GetUtcNow();
            var due = ScheduleTimes.Due(_schedule, kept, now);
            foreach (var time in due)
            {
                if (await CallAsync(Call(time), cancellation).WaitAsync(_ended.Token) is { IsDeferred: true } deferred)
                {
                    LogFailed(logger, Function, _schedule.Cron, deferred.Detail);
                    await SleepAsync(FailurePause, cancellation);
                    return;
                }

                await SaveAsync(kept = time);
            }

            if (due.Count == 0 || ScheduleTimes.Next(_schedule, kept) <= now)
            {
                await SaveAsync(kept = now);
            }
        }
    }

    private static string NameOf(ScheduleTrigger schedule) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{schedule.Cron} {schedule.TimeZone}")).AsSpan(0, 8));

    private TriggeredCall Call(DateTimeOffset time)
    {
        var text = time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new TriggeredCall(TriggerNames.Schedule, $"{Function}/{Name}/{text}", Encoding.UTF8.GetBytes($$"""{"time":"{{text}}"}"""), new Dictionary<string, string> { ["EDGEMESH_SCHEDULED_TIME"] = text });
    }

    /// <summary>The last time that was called for; a schedule that is new begins now.</summary>
    private async Task<DateTimeOffset> KeptAsync(CancellationToken cancellation)
    {
        var stored = await dapr.GetByteStateAsync(Store, Row, cancellationToken: cancellation);
        if (!stored.IsEmpty && DateTimeOffset.TryParse(Encoding.ASCII.GetString(stored.Span), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var kept))
        {
            return kept;
        }

        var now = clock.GetUtcNow();
        await SaveAsync(now);
        return now;
    }

    /// <summary>Also while it stops: what was called for is not called for again.</summary>
    private async Task SaveAsync(DateTimeOffset kept)
    {
        // The store answers in its own time, whatever clock a test gave to this service.
        using var limit = new CancellationTokenSource(StoreLimit, TimeProvider.System);
        await dapr.SaveByteStateAsync(Store, Row, Encoding.ASCII.GetBytes(kept.ToString("O", CultureInfo.InvariantCulture)), cancellationToken: limit.Token);
    }

    private async Task SleepAsync(TimeSpan time, CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(time, clock, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The loop looks.
        }
    }

    [LoggerMessage(LogLevel.Warning, "The schedule {Cron} of {Function} can't be kept now: {Reason}")]
    private static partial void LogFailed(ILogger logger, string function, string cron, string? reason);
}
