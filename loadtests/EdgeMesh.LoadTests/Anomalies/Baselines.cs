using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.LoadTests.Anomalies;

/// <summary>Scores one point after the other of one series; a new one for each series.</summary>
internal delegate double PointScorer(Measurement point);

/// <summary>What a user would write in an afternoon, to compare with.</summary>
internal static class Baselines
{
    private const double Tiny = 1e-9;

    /// <summary>Every detector of the bench by name: ours, then the simple ones.</summary>
    public static IReadOnlyList<(string Name, Func<PointScorer> Create)> All { get; } =
    [
        ("ewma z", () => EwmaZ(0.02)),
        ("ewma z, suppressed", () => Suppressed(EwmaZ(0.02))),
        ("rolling z", () => RollingZ(200)),
        ("rolling z, suppressed", () => Suppressed(RollingZ(200))),
        ("seasonal", Seasonal),
        ("seasonal, suppressed", () => Suppressed(Seasonal())),
        ("max of seasonal and rolling, suppressed", () => Suppressed(Max(Seasonal(), RollingZ(200)))),
    ];

    /// <summary>How many deviations from a mean that forgets exponentially.</summary>
    private static PointScorer EwmaZ(double rate)
    {
        double seen = 0, mean = 0, variance = 0;
        return point =>
        {
            var step = Math.Max(rate, 1 / ++seen);
            var difference = point.Value - mean;
            var score = seen == 1 ? 0 : Math.Abs(difference) / (Math.Sqrt(variance) + Noise(mean));
            mean += step * difference;
            variance = (1 - step) * (variance + (step * difference * difference));
            return score;
        };
    }

    /// <summary>How many deviations from the mean of the last points.</summary>
    private static PointScorer RollingZ(int window)
    {
        var last = new Queue<double>(window);
        double sum = 0, squares = 0;
        return point =>
        {
            var mean = last.Count == 0 ? point.Value : sum / last.Count;
            var variance = last.Count == 0 ? 0 : Math.Max(0, (squares / last.Count) - (mean * mean));
            var score = last.Count < 10 ? 0 : Math.Abs(point.Value - mean) / (Math.Sqrt(variance) + Noise(mean));
            if (last.Count == window)
            {
                var gone = last.Dequeue();
                (sum, squares) = (sum - gone, squares - (gone * gone));
            }

            last.Enqueue(point.Value);
            (sum, squares) = (sum + point.Value, squares + (point.Value * point.Value));
            return score;
        };
    }

    /// <summary>How many mean deviations from what this hour of the day was on other days.</summary>
    private static PointScorer Seasonal()
    {
        var (means, seen) = (new double[24], new int[24]);
        double deviation = 0, points = 0;
        return point =>
        {
            var hour = point.Time.Hour;
            var difference = seen[hour]++ == 0 ? 0 : point.Value - means[hour];
            var score = seen[hour] <= 3 ? 0 : Math.Abs(difference) / (deviation + Noise(means[hour]));
            means[hour] = seen[hour] == 1 ? point.Value : means[hour] + (Math.Max(0.15, 1.0 / seen[hour]) * difference);
            deviation += Math.Max(0.002, 1 / ++points) * (Math.Abs(difference) - deviation);
            return score;
        };
    }

    private static PointScorer Max(PointScorer one, PointScorer other) => point => Math.Max(one(point), other(point));

    /// <summary>Heard only above the last peak, which decays.</summary>
    private static PointScorer Suppressed(PointScorer inner)
    {
        var peak = 0.0;
        return point =>
        {
            var score = inner(point);
            peak *= Math.Exp(-1 / 200.0);
            return score > peak ? peak = score : 0;
        };
    }

    private static double Noise(double mean) => Tiny + (1e-3 * Math.Abs(mean));
}
