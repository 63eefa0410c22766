using System.Globalization;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>When a timer or a reminder fires next, and how it goes on.</summary>
/// <param name="Due">The next time; it may have passed.</param>
/// <param name="Every">From one time to the next; null: once.</param>
/// <param name="Left">How often it still fires, the next time included; null: without end.</param>
/// <param name="Expires">The last moment at which it fires.</param>
internal sealed record Recurrence(DateTimeOffset Due, Period? Every, int? Left, DateTimeOffset? Expires)
{
    /// <summary>How many missed times are made up for after an outage. Older ones are skipped.</summary>
    private const int MissedLimit = 100;

    /// <summary>The time after this one; null: this was the last.</summary>
    /// <param name="now">By this, what was missed too long ago is skipped.</param>
    public Recurrence? Next(DateTimeOffset now)
    {
        if (Every is not { } every || Left == 1)
        {
            return null;
        }

        var next = every.After(Due);
        var skipped = Math.Max(0, every.Between(next, now) - MissedLimit);
        next += every.Time * skipped;
        return next <= (Expires ?? DateTimeOffset.MaxValue) && !(Left - 1 - skipped < 1) ? this with { Due = next, Left = Left - 1 - (int?)skipped } : null;
    }

    /// <summary>Reads what a client says.</summary>
    /// <param name="dueTime">A duration from now, or a time (RFC 3339); empty: at once.</param>
    /// <param name="period">A duration, perhaps with repetitions (<c>R5/PT1S</c>); empty: once.</param>
    /// <param name="ttl">A duration from the first time, or a time; empty: none.</param>
    /// <param name="now">The time.</param>
    /// <param name="fault">What is wrong.</param>
    public static Recurrence? Read(string? dueTime, string? period, string? ttl, DateTimeOffset now, out string? fault)
    {
        if (!TryMoment(dueTime, now, out var due))
        {
            fault = $"error parsing timer due time: unsupported time/duration format: {dueTime}";
            return null;
        }

        if (!TryPeriod(period, out var every, out var times, out fault))
        {
            return null;
        }

        DateTimeOffset? expires = null;
        if (!string.IsNullOrEmpty(ttl))
        {
            if (!TryMoment(ttl, due, out var end))
            {
                fault = $"error parsing timer TTL: unsupported time/duration format: {ttl}";
                return null;
            }

            expires = end;
        }

        fault = expires < now || expires < due ? $"has already expired: dueTime: {due:O} TTL: {ttl}" : null;
        return fault is null ? new Recurrence(due, every, every is null ? 1 : times, expires) : null;
    }

    public static bool TryPeriod(string? text, out Period? every, out int? times, out string? fault)
    {
        (every, times, fault) = (null, null, null);
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        var rest = text;
        if (text.StartsWith('R') && text.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash)
        {
            if (!int.TryParse(text.AsSpan(1, slash - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                fault = $"unsupported duration format: {text}";
                return false;
            }

            (times, rest) = (count, text[(slash + 1)..]);
        }

        if (!Period.TryParse(rest, out var period) || period.Time < TimeSpan.Zero)
        {
            fault = $"unsupported duration format: {text}";
            return false;
        }

        if (times == 0)
        {
            fault = "has zero repetitions";
            return false;
        }

        every = period.IsZero ? null : period;
        return true;
    }

    private static bool TryMoment(string? text, DateTimeOffset from, out DateTimeOffset moment)
    {
        moment = from;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        if (Period.TryParse(text, out var span))
        {
            moment = span.After(from);
            return true;
        }

        return text.Length > 10 && text[10] is 'T' or 't'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out moment);
    }
}
