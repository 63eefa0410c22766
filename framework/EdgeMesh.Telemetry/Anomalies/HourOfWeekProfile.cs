namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>What a series does in each hour of the week.</summary>
internal sealed class HourOfWeekProfile
{
    private const int Hours = 7 * 24;

    private readonly MovingMean[] hours = new MovingMean[Hours];

    public HourOfWeekProfile(double rate) => Array.Fill(hours, new(rate));

    /// <summary>Takes a value in, and returns what was expected at this hour: the value itself where the hour is new.</summary>
    public double Observe(DateTimeOffset time, double value)
    {
        ref var hour = ref hours[((int)time.DayOfWeek * 24) + time.Hour];
        var expected = hour.ValueOr(value);
        hour.Add(value);
        return expected;
    }

    public void Exchange(ref StateExchange state)
    {
        foreach (ref var hour in hours.AsSpan())
        {
            hour.Exchange(ref state);
        }
    }
}
