using System.Runtime.InteropServices;

namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>
/// Finds what is new in a series, point by point: it never looks ahead, keeps three kilobytes whatever the length, and takes a fraction of
/// a microsecond a point. Each of a few views of the series keeps the range that it has seen; a point that breaks out scores by how far,
/// summed over the views. After an alert only a greater surprise is heard, ever less great as time passes: an operator is told of an
/// incident once, not at each of its points. Not for use by several threads at once.
/// </summary>
public sealed class AnomalyDetector
{
    /// <summary>Stands first in a saved state: another order of fields must not be read as this one.</summary>
    private const double Version = 1;

    /// <summary>Far from where differences and sums of values would overflow.</summary>
    private const double Largest = 1e200;

    private readonly AnomalyTuning tuning;
    private readonly double decay;
    private readonly SeenRange values;
    private readonly SeenRange ratios;
    private readonly SeenRange levels;
    private readonly SeenRange hours;
    private readonly HourOfWeekProfile profile;
    private MovingMean size;
    private MovingMean mean;
    private MovingMean ratioMean;
    private MovingMean level;
    private double points;
    private double loudest;

    /// <summary>A detector that has seen nothing.</summary>
    public AnomalyDetector()
        : this(AnomalyTuning.Default)
    {
    }

    internal AnomalyDetector(AnomalyTuning tuning)
    {
        this.tuning = tuning;
        decay = Math.Exp(-1 / tuning.Pause);
        (values, ratios, levels, hours) = (new(tuning), new(tuning), new(tuning), new(tuning));
        profile = new(tuning.HourRate);
        (size, mean) = (new(tuning.MeanRate), new(tuning.MeanRate));
        (ratioMean, level) = (new(tuning.RatioRate), new(tuning.LevelRate));
    }

    /// <summary>The score from which a point is an alert: the same for every series.</summary>
    public static double Threshold => AnomalyTuning.Default.Threshold;

    /// <summary>So many points at the beginning score 0.</summary>
    public static int LearningPoints => AnomalyTuning.Default.WarmUp;

    /// <summary>Takes the next point in and scores it against all points before it.</summary>
    /// <param name="point">A value that is not finite is a gap: it scores 0 and teaches nothing.</param>
    /// <returns>The score, and what came beside what was expected.</returns>
    public AnomalyScore Observe(Measurement point)
    {
        if (!double.IsFinite(point.Value))
        {
            return new(0, false, AnomalyView.Value, point.Value, mean.Value, mean.Value, mean.Value);
        }

        points++;
        var surprise = Learn(point with { Value = Reach(Math.Clamp(point.Value, -Largest, Largest)) });
        var score = Hear(surprise.Sum);
        var observed = surprise.View == AnomalyView.Level ? surprise.Observed : point.Value;
        return new(score, score >= tuning.Threshold, surprise.View, observed, surprise.Expected, surprise.Low, surprise.High);
    }

    /// <summary>All that the detector knows, in the same number of bytes at any time, for a restart to go on with.</summary>
    public byte[] Save()
    {
        var state = NewState();
        state[0] = Version;
        var saving = StateExchange.Saving(state.AsSpan(1));
        Exchange(ref saving);
        return MemoryMarshal.AsBytes(state.AsSpan()).ToArray();
    }

    /// <summary>Goes on where <see cref="Save"/> was called.</summary>
    /// <param name="saved">What it returned.</param>
    /// <returns>The detector, or null where this is no state of a detector of this version: start a new one then.</returns>
    public static AnomalyDetector? Restore(ReadOnlySpan<byte> saved)
    {
        var detector = new AnomalyDetector();
        var state = detector.NewState();
        if (saved.Length != state.Length * sizeof(double))
        {
            return null;
        }

        saved.CopyTo(MemoryMarshal.AsBytes(state.AsSpan()));
        if (state[0] != Version || !state.All(double.IsFinite))
        {
            return null;
        }

        var loading = StateExchange.Loading(state.AsSpan(1));
        detector.Exchange(ref loading);
        return detector;
    }

    private Surprise Learn(Measurement point)
    {
        var value = point.Value;
        var usual = mean.ValueOr(value);
        var noise = (tuning.NoiseFloor * size.Add(Math.Abs(value))) + double.Epsilon;
        var surprise = Compare(AnomalyView.Value, values, value, usual, noise)
            .And(Ratio(value))
            .And(Compare(AnomalyView.Level, levels, level.Add(value), 0, noise) with { Expected = usual })
            .And(Compare(AnomalyView.HourOfWeek, hours, value, profile.Observe(point.Time, value), noise));
        mean.Add(value);
        return surprise;
    }

    private static Surprise Compare(AnomalyView view, SeenRange seen, double observed, double expected, double noise)
    {
        var (low, high) = seen.IsEmpty ? (0, 0) : (seen.Low, seen.High);
        var excess = seen.Observe(observed - expected, noise);
        return new(excess, excess, view, observed, expected, expected + low, expected + high);
    }

    /// <summary>Compared as logarithms, told in the series' unit where it is a surprise: else it is not told.</summary>
    private Surprise Ratio(double value)
    {
        var unit = (tuning.RatioUnit * size.Value) + double.Epsilon;
        var ratio = Math.Sign(value) * Math.Log(1 + (Math.Abs(value) / unit));
        var surprise = Compare(AnomalyView.Ratio, ratios, ratio, ratioMean.ValueOr(ratio), tuning.NoiseFloor);
        ratioMean.Add(ratio);
        if (surprise.Most == 0)
        {
            return surprise;
        }

        return surprise with { Expected = Told(surprise.Expected), Low = Told(surprise.Low), High = Told(surprise.High) };

        double Told(double logarithm) => Math.Sign(logarithm) * unit * (Math.Exp(Math.Abs(logarithm)) - 1);
    }

    /// <summary>The value, or where it is absurd the farthest that it may count as.</summary>
    private double Reach(double value)
    {
        var reach = tuning.Reach * values.Width;
        return reach == 0 ? value : Math.Clamp(value, mean.Value + values.Low - reach, mean.Value + values.High + reach);
    }

    /// <summary>The score of a surprise, or 0 where it is no louder than the echo of the last one.</summary>
    private double Hear(double surprise)
    {
        loudest *= decay;
        var trusted = surprise * points / (points + tuning.HalfTrust);
        var score = trusted / (trusted + tuning.HalfScore);
        if (score <= loudest)
        {
            return 0;
        }

        loudest = score;
        return points <= tuning.WarmUp ? 0 : score;
    }

    private double[] NewState()
    {
        var counting = StateExchange.Counting();
        Exchange(ref counting);
        return new double[1 + counting.Count];
    }

    private void Exchange(ref StateExchange state)
    {
        values.Exchange(ref state);
        ratios.Exchange(ref state);
        levels.Exchange(ref state);
        hours.Exchange(ref state);
        profile.Exchange(ref state);
        size.Exchange(ref state);
        mean.Exchange(ref state);
        ratioMean.Exchange(ref state);
        level.Exchange(ref state);
        state.Move(ref points);
        state.Move(ref loudest);
    }
}
