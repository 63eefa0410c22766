using System.Diagnostics.CodeAnalysis;
using Cronos;

namespace EdgeMesh.Sidecar.Components;

/// <summary>When something comes again, as Dapr writes it: cron with seconds, <c>@every 1h30m</c>, <c>@daily</c> and the like.</summary>
internal sealed class Schedule
{
    private const string Every = "@every ";

    private readonly CronExpression? _cron;
    private readonly TimeSpan _interval;
    private readonly TimeZoneInfo _zone;

    private Schedule(CronExpression? cron, TimeSpan interval, TimeZoneInfo zone) => (_cron, _interval, _zone) = (cron, interval, zone);

    /// <param name="text">The schedule.</param>
    /// <param name="zone">Where cron's hours are.</param>
    /// <param name="minuteCron">Whether cron may do without seconds, as in the cron binding.</param>
    /// <param name="schedule">What it says.</param>
    /// <param name="fault">What is wrong with it, in the words of daprd where it has some.</param>
    public static bool TryParse(string text, TimeZoneInfo zone, bool minuteCron, [NotNullWhen(true)] out Schedule? schedule, [NotNullWhen(false)] out string? fault)
    {
        (schedule, fault) = (null, null);
        if (text.StartsWith(Every, StringComparison.Ordinal))
        {
            if (!GoDuration.TryParse(text[Every.Length..].Trim(), out var interval) || interval <= TimeSpan.Zero)
            {
                fault = $"failed to parse duration {text}";
                return false;
            }

            schedule = new Schedule(null, interval, zone);
            return true;
        }

        if (Named(text) is { } cron || TryCron(text, minuteCron, out cron, out fault))
        {
            schedule = new Schedule(cron, default, zone);
            return true;
        }

        fault ??= $"unrecognized descriptor: {text}";
        return false;
    }

    /// <summary>The next time after a moment; null: never again.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) =>
        _cron is null ? (_interval < DateTimeOffset.MaxValue - after ? after + _interval : null) : _cron.GetNextOccurrence(after.UtcDateTime, _zone) is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : null;

    private static CronExpression? Named(string text) => text switch
    {
        "@yearly" or "@annually" => CronExpression.Yearly,
        "@monthly" => CronExpression.Monthly,
        "@weekly" => CronExpression.Weekly,
        "@daily" or "@midnight" => CronExpression.Daily,
        "@hourly" => CronExpression.Hourly,
        _ => null,
    };

    private static bool TryCron(string text, bool minuteCron, [NotNullWhen(true)] out CronExpression? cron, out string? fault)
    {
        (cron, fault) = (null, null);
        if (text.StartsWith('@'))
        {
            return false;
        }

        var fields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Length != 6 && !(minuteCron && fields.Length == 5))
        {
            fault = $"expected {(minuteCron ? "5 to 6" : "exactly 6")} fields, found {fields.Length}: [{string.Join(' ', fields)}]";
            return false;
        }

        if (CronExpression.TryParse(text, fields.Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard, out cron))
        {
            return true;
        }

        fault = $"'{text}' is no cron expression: second, minute, hour, day of the month, month, day of the week";
        return false;
    }
}
