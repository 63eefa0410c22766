using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Xml;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>When a job comes: first, then again, and until when. Faults are in daprd's words.</summary>
/// <param name="Schedule">Null: it comes once.</param>
/// <param name="FirstDue">The first time.</param>
/// <param name="Expires">Null: never.</param>
internal sealed record JobPlan(Schedule? Schedule, DateTimeOffset FirstDue, DateTimeOffset? Expires)
{
    public static bool TryRead(Job job, DateTimeOffset now, [NotNullWhen(true)] out JobPlan? plan, [NotNullWhen(false)] out string? fault)
    {
        plan = null;
        Schedule? schedule = null;
        if (job.Schedule.Length > 0 && !Schedule.TryParse(job.Schedule, TimeZoneInfo.Utc, minuteCron: false, out schedule, out fault))
        {
            return false;
        }

        if (schedule is null && job.HasRepeats && job.Repeats > 0)
        {
            fault = "job must have a schedule to repeat";
            return false;
        }

        DateTimeOffset? due = null, expires = null;
        if (job.DueTime.Length > 0 && (due = Moment(job.DueTime, now)) is null)
        {
            fault = "due time format not recognized";
            return false;
        }

        if (job.Ttl.Length > 0 && (expires = Moment(job.Ttl, now)) is null)
        {
            fault = "ttl format not recognized";
            return false;
        }

        if ((due ?? schedule?.Next(now)) is not { } first)
        {
            fault = $"schedule '{job.Schedule}' never comes";
            return false;
        }

        plan = new JobPlan(schedule, first, expires);
        fault = null;
        return true;
    }

    /// <summary>The time after one that was. What was missed in between, while nobody was there, is not made up for.</summary>
    /// <returns>Null: it does not come again.</returns>
    public DateTimeOffset? Next(DateTimeOffset due, DateTimeOffset now, long timesDone, Job job)
    {
        if (Schedule is null || (job.HasRepeats && job.Repeats > 0 && timesDone >= job.Repeats))
        {
            return null;
        }

        var next = Schedule.Next(due);
        next = next <= now ? Schedule.Next(now) : next;
        return next > Expires ? null : next;
    }

    /// <summary>A point in time, or a span from now: RFC 3339, Go's <c>1h30m</c>, ISO 8601's <c>PT1H30M</c>.</summary>
    private static DateTimeOffset? Moment(string text, DateTimeOffset now)
    {
        if (text.StartsWith('P'))
        {
            try
            {
                return now + XmlConvert.ToTimeSpan(text);
            }
            catch (Exception error) when (error is FormatException or OverflowException or ArgumentOutOfRangeException)
            {
                return null;
            }
        }

        // A bare number is no duration to Go.
        if (char.IsLetter(text[^1]) && text[^1] != 'Z' && GoDuration.TryParse(text, out var span))
        {
            return span < DateTimeOffset.MaxValue - now && span > DateTimeOffset.MinValue - now ? now + span : null;
        }

        return text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment) ? moment : null;
    }
}
