namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>What was looked at when a point was found to be unusual.</summary>
public enum AnomalyView
{
    /// <summary>The value, beside its long-term mean: spikes and drops.</summary>
    Value,

    /// <summary>The value as a multiple of its long-term size, so that a fall to a tenth weighs as much as a rise to the tenfold.</summary>
    Ratio,

    /// <summary>The mean of the last points: what is usual alone, but not in a row.</summary>
    Level,

    /// <summary>The value, beside this hour of the week: the ordinary at an unordinary time.</summary>
    HourOfWeek,
}
