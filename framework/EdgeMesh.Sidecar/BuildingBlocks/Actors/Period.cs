using System.Globalization;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>A span of time as timers and reminders have it: Go's durations, or ISO 8601's, whose months differ in length.</summary>
internal readonly record struct Period(int Months, TimeSpan Time)
{
    public bool IsZero => this == default;

    public DateTimeOffset After(DateTimeOffset moment) => (Months == 0 ? moment : moment.AddMonths(Months)) + Time;

    /// <summary>How many whole periods lie between two moments; 0 where their number is not worth a division.</summary>
    public long Between(DateTimeOffset from, DateTimeOffset to) => Months == 0 && Time > TimeSpan.Zero && to > from ? (to - from).Ticks / Time.Ticks : 0;

    /// <summary>Reads <c>1h30m</c> or <c>PT1H30M</c>. A bare number is neither.</summary>
    public static bool TryParse(string text, out Period period)
    {
        if (text.StartsWith('P'))
        {
            return TryIso(text, out period);
        }

        var isGo = GoDuration.TryParse(text, out var time) && (text == "0" || text.Any(char.IsAsciiLetter));
        period = new Period(0, time);
        return isGo;
    }

    /// <summary>As daprd tells it of a reminder: <c>@every 1h30m0s</c>.</summary>
    public string ToEvery() => "@every " + ToGo(Time);

    /// <summary>Go's text of a duration: <c>1h0m0s</c>, <c>1.5s</c>, <c>500ms</c>.</summary>
    public static string ToGo(TimeSpan time)
    {
        if (time == TimeSpan.Zero)
        {
            return "0s";
        }

        var (sign, span) = time < TimeSpan.Zero ? ("-", -time) : ("", time);
        if (span < TimeSpan.FromMilliseconds(1))
        {
            return sign + Number(span.TotalMicroseconds) + "µs";
        }

        if (span < TimeSpan.FromSeconds(1))
        {
            return sign + Number(span.TotalMilliseconds) + "ms";
        }

        var seconds = Number(span.Seconds + (span.Ticks % TimeSpan.TicksPerSecond / (double)TimeSpan.TicksPerSecond)) + "s";
        var hours = (long)span.TotalHours;
        return sign + (hours > 0 ? $"{hours}h{span.Minutes}m{seconds}" : span.Minutes > 0 ? $"{span.Minutes}m{seconds}" : seconds);
    }

    private static string Number(double number) => number.ToString("0.#######", CultureInfo.InvariantCulture);

    /// <summary>Whole numbers, each unit once and in order, as daprd takes them.</summary>
    private static bool TryIso(string text, out Period period)
    {
        period = default;
        var (months, time, number, afterT, last, any) = (0L, 0L, -1L, false, -1, false);
        foreach (var letter in text.AsSpan(1))
        {
            if (char.IsAsciiDigit(letter))
            {
                number = (Math.Max(number, 0) * 10) + (letter - '0');
                if (number > int.MaxValue)
                {
                    return false;
                }

                continue;
            }

            if (letter == 'T' && !afterT && number < 0)
            {
                afterT = true;
                continue;
            }

            var order = (afterT ? "HMS" : "YMWD").IndexOf(letter, StringComparison.Ordinal) + (afterT ? 4 : 0);
            if (order < (afterT ? 4 : 0) || order <= last || number < 0)
            {
                return false;
            }

            months += order switch { 0 => number * 12, 1 => number, _ => 0 };
            time += number * order switch { 2 => 7 * 86_400, 3 => 86_400, 4 => 3600, 5 => 60, 6 => 1, _ => 0 };
            (number, last, any) = (-1, order, true);
        }

        if (!any || number >= 0 || months > 12_000 || time > 1_000L * 366 * 86_400)
        {
            return false;
        }

        period = new Period((int)months, TimeSpan.FromSeconds(time));
        return true;
    }
}
