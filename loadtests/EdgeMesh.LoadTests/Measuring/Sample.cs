namespace EdgeMesh.LoadTests.Measuring;

/// <summary>One measurement of one engine.</summary>
/// <param name="CallsPerSecond">Answered as expected.</param>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
/// <param name="CpuMicroseconds">The sidecar's, for each call.</param>
/// <param name="GeneratorMicroseconds">The load generator's, for each call, with what it looks for answers while nobody else wants the processor.</param>
/// <param name="Failed">Answered otherwise.</param>
internal sealed record Sample(double CallsPerSecond, double P50, double P99, double CpuMicroseconds, double GeneratorMicroseconds, long Failed)
{
    /// <summary>The median of each figure on its own.</summary>
    public static Sample Median(IReadOnlyList<Sample> samples) => new(
        Middle(samples, s => s.CallsPerSecond), Middle(samples, s => s.P50), Middle(samples, s => s.P99), Middle(samples, s => s.CpuMicroseconds), Middle(samples, s => s.GeneratorMicroseconds),
        samples.Sum(s => s.Failed));

    private static double Middle(IReadOnlyList<Sample> samples, Func<Sample, double> figure) => Math.Round(samples.Select(figure).Order().ElementAt(samples.Count / 2), 1);
}
