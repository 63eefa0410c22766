using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Triggers.Schedules;

/// <summary>Calls a function at the times of a schedule. The last time that was called for is stored after its call, so a crash repeats one
/// call, under the same idempotency key. A call that fails is not repeated: the next time comes. One that could not be made stays due, as far as
/// the schedule's policy for missed times has it.</summary>
internal sealed partial class ScheduleSource(
    string function, ScheduleTrigger schedule, DaprClient dapr, SiteIdentity identity, TimeProvider clock, Func<string, KnownBundle?> choose, FunctionCalls calls, ILogger logger)
    : TriggerSource(function, choose, calls)
{
    private const string Store = "heads";
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    private string Name { get; } = NameOf(schedule);

    private string Key { get; } = RowOf(identity, function, schedule);

    /// <summary>Where the last time that a schedule was called for is stored.</summary>
    public static string RowOf(SiteIdentity identity, string function, ScheduleTrigger schedule) => $"{identity.Site}/functions/schedule/{function}/{NameOf(schedule)}";

    public override void Start() => _loop = RunAsync(_stop.Token);

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
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
                LogFailed(logger, Function, schedule.Cron, error.Message);
                await SleepAsync(FailurePause, cancellation);
            }
        }
    }

    /// <summary>Goes on as long as every call can be made, and is begun again from what was stored.</summary>
    private async Task KeepAsync(DateTimeOffset kept, CancellationToken cancellation)
    {
        while (true)
        {
            if (ScheduleTimes.Next(schedule, kept) is not { } next)
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
            var due = ScheduleTimes.Due(schedule, kept, now);
            foreach (var time in due)
            {
                if (await CallAsync(Call(time), cancellation) is { IsDeferred: true } deferred)
                {
                    LogFailed(logger, Function, schedule.Cron, deferred.Detail);
                    await SleepAsync(FailurePause, cancellation);
                    return;
                }

                await SaveAsync(kept = time, cancellation);
            }

            if (due.Count == 0 || ScheduleTimes.Next(schedule, kept) <= now)
            {
                await SaveAsync(kept = now, cancellation);
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
        var stored = await dapr.GetByteStateAsync(Store, Key, cancellationToken: cancellation);
        if (!stored.IsEmpty && DateTimeOffset.TryParse(Encoding.ASCII.GetString(stored.Span), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var kept))
        {
            return kept;
        }

        var now = clock.GetUtcNow();
        await SaveAsync(now, cancellation);
        return now;
    }

    private Task SaveAsync(DateTimeOffset kept, CancellationToken cancellation) =>
        dapr.SaveByteStateAsync(Store, Key, Encoding.ASCII.GetBytes(kept.ToString("O", CultureInfo.InvariantCulture)), cancellationToken: cancellation);

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
