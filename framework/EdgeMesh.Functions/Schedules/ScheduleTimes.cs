using Cronos;

namespace EdgeMesh.Functions;

/// <summary>When a schedule is due. Pure: what was kept last and what time it is decide. Daylight saving is as Cronos has it: a time that
/// is skipped is kept right after the gap, one that is there twice is kept once.</summary>
public static class ScheduleTimes
{
    /// <summary>Times that may be caught up with: the latest.</summary>
    public const int MostMissed = 1000;

    /// <summary>How late a call may be and still be on time: a busy machine, not one that was down.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>The first time after another; null: there is none.</summary>
    public static DateTimeOffset? Next(ScheduleTrigger schedule, DateTimeOffset after) => Expression(schedule).GetNextOccurrence(after, Zone(schedule));

    /// <summary>The times to call for, oldest first, of those after <paramref name="kept"/> and up to <paramref name="now"/>.</summary>
    /// <param name="schedule">The schedule, from a manifest that was read.</param>
    /// <param name="kept">The last time that was called for, or when the schedule began.</param>
    /// <param name="now">The time.</param>
    public static IReadOnlyList<DateTimeOffset> Due(ScheduleTrigger schedule, DateTimeOffset kept, DateTimeOffset now)
    {
        var (expression, zone, due) = (Expression(schedule), Zone(schedule), new Queue<DateTimeOffset>());
        // What was down for a year has not to walk all of its seconds.
        var from = schedule.Missed == MissedTimes.All ? BeforeTheLatest(expression, zone, kept, now) : Max(kept, now - TimeSpan.FromDays(1));
        for (var at = expression.GetNextOccurrence(from, zone); at is { } time && time <= now; at = expression.GetNextOccurrence(time, zone))
        {
            if (due.Count == (schedule.Missed == MissedTimes.All ? MostMissed : 1))
            {
                due.Dequeue();
            }

            due.Enqueue(time);
        }

        if (due.Count == 0 && schedule.Missed == MissedTimes.Once && expression.GetNextOccurrence(kept, zone) is { } missed && missed <= now)
        {
            // More than a day ago, and none since.
            return [missed];
        }

        return [.. due.Where(t => schedule.Missed != MissedTimes.Skip || now - t <= Grace)];
    }

    /// <summary>A time after which there are as many as may be caught up with; where there are fewer, what was kept. Looks back twice as far each time.</summary>
    private static DateTimeOffset BeforeTheLatest(CronExpression expression, TimeZoneInfo zone, DateTimeOffset kept, DateTimeOffset now)
    {
        for (var back = TimeSpan.FromSeconds(MostMissed); now - kept > back; back *= 2)
        {
            if (expression.GetOccurrences(now - back, now, zone, fromInclusive: false, toInclusive: true).Skip(MostMissed - 1).Any())
            {
                return now - back;
            }
        }

        return kept;
    }

    private static DateTimeOffset Max(DateTimeOffset left, DateTimeOffset right) => left > right ? left : right;

    private static CronExpression Expression(ScheduleTrigger schedule) => CronExpression.Parse(schedule.Cron, CronFormat.IncludeSeconds);

    private static TimeZoneInfo Zone(ScheduleTrigger schedule) => TimeZoneInfo.FindSystemTimeZoneById(schedule.TimeZone);
}
