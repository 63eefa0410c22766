using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.Telemetry.Tests.Anomalies;

/// <summary>Series of five minutes a point, with noise from a seed.</summary>
internal static class MadeSeries
{
    public const int Day = 288;

    public static readonly DateTimeOffset Start = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Around 100, with a noise of ten.</summary>
    public static double[] Noise(int points, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, points).Select(_ => 95 + (10 * random.NextDouble()))];
    }

    /// <summary>Around 20 at night and 80 from nine to five.</summary>
    public static double[] OfficeHours(int days, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, days * Day).Select(i => (i % Day is >= 108 and < 204 ? 80 : 20) + (4 * random.NextDouble()))];
    }

    public static Measurement At(int point, double value) => new(Start.AddMinutes(5 * point), value);

    public static AnomalyScore[] Scores(this AnomalyDetector detector, IEnumerable<double> values, int first = 0) =>
        [.. values.Select((v, i) => detector.Observe(At(first + i, v)))];

    /// <summary>The alerts after the first two days, in which much is new.</summary>
    public static int[] Alerts(this AnomalyScore[] scores) => [.. scores.Index().Where(s => s.Index >= 2 * Day && s.Item.IsAlert).Select(s => s.Index)];
}
