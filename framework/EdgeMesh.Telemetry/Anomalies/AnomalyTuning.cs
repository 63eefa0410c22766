namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>
/// The detector's constants: one set for every series. They are the middle of a plateau, not its highest point: with all of them
/// changed at random by up to a factor of 2.5 the score on the Numenta benchmark falls by two points on average.
/// Rates are per point; spans are in points.
/// </summary>
internal sealed record AnomalyTuning
{
    public static AnomalyTuning Default { get; } = new();

    /// <summary>The score from which a point is an alert.</summary>
    public double Threshold { get; init; } = 0.3;

    /// <summary>No score before so many points: all is new to a detector that has seen nothing.</summary>
    public int WarmUp { get; init; } = 100;

    /// <summary>A record among so many points counts half: the first ones say little.</summary>
    public double HalfTrust { get; init; } = 200;

    /// <summary>How fast the usual value and the usual size are learnt.</summary>
    public double MeanRate { get; init; } = 0.003;

    /// <summary>How fast the usual ratio is learnt.</summary>
    public double RatioRate { get; init; } = 0.005;

    /// <summary>Ratios are told apart from so small a part of the usual size on; below it all is as good as zero.</summary>
    public double RatioUnit { get; init; } = 0.1;

    /// <summary>How fast the level follows the value: about the last 16 points.</summary>
    public double LevelRate { get; init; } = 0.06;

    /// <summary>How fast an hour of the week is learnt anew.</summary>
    public double HourRate { get; init; } = 0.15;

    /// <summary>The extremes of blocks of so many points tell what is usual: at five minutes a point about a day.</summary>
    public int Block { get; init; } = 300;

    /// <summary>How fast the usual extremes of a block are learnt.</summary>
    public double BlockRate { get; init; } = 0.2;

    /// <summary>An extreme is usual up to so many mean deviations from the usual extreme.</summary>
    public double UsualSpread { get; init; } = 2;

    /// <summary>In so many points about two thirds of what is unusual in a range are forgotten.</summary>
    public double Memory { get; init; } = 2000;

    /// <summary>The surprise, in widths of what was seen, that scores one half.</summary>
    public double HalfScore { get; init; } = 0.1;

    /// <summary>In so many points after an alert the score that it takes to be heard falls by two thirds.</summary>
    public double Pause { get; init; } = 220;

    /// <summary>The part of the series' usual size that is noise in any case, so a rounding error is no record.</summary>
    public double NoiseFloor { get; init; } = 1e-3;

    /// <summary>A value counts as at most so many widths beyond what was seen: one absurd value must not blind the detector for long.</summary>
    public double Reach { get; init; } = 5;
}
