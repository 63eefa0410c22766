namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>How fast a backlog shrinks, measured from report to report and smoothed over a few minutes. What comes in meanwhile is part of
/// it: a backlog that grows as fast as it drains never ends.</summary>
/// <param name="At">The last measure.</param>
/// <param name="Records">The backlog then.</param>
/// <param name="RecordsASecond">By how many records it shrinks; negative: it grows; null: measured once only.</param>
internal sealed record DrainRate(DateTimeOffset At, long Records, double? RecordsASecond)
{
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>The rate with a new measure in it.</summary>
    public static DrainRate Next(DrainRate? before, DateTimeOffset at, long records)
    {
        if (before is null || records == 0)
        {
            return new(at, records, null);
        }

        var seconds = (at - before.At).TotalSeconds;
        if (seconds <= 0)
        {
            return before;
        }

        var measured = (before.Records - records) / seconds;
        var weight = 1 - Math.Exp(-seconds / Memory.TotalSeconds);
        return new(at, records, before.RecordsASecond is { } known ? known + (weight * (measured - known)) : measured);
    }

    /// <summary>How long it takes until nothing is left; null: not known, it does not shrink, or beyond a month.</summary>
    public TimeSpan? TimeToDrain
    {
        get
        {
            if (Records == 0)
            {
                return TimeSpan.Zero;
            }

            return RecordsASecond is { } rate and > 0 && Records / rate < Longest.TotalSeconds ? TimeSpan.FromSeconds(Records / rate) : null;
        }
    }
}
