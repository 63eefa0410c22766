namespace EdgeMesh.LoadTests.Measuring;

/// <summary>The start of the sidecars of several apps.</summary>
/// <param name="ReadySeconds">From the first start of a process until every sidecar is ready for calls.</param>
/// <param name="CpuSeconds">What the processes had used by then.</param>
/// <param name="Megabytes">Proportional set size of all processes together, some seconds later.</param>
internal sealed record StartSample(double ReadySeconds, double CpuSeconds, double Megabytes)
{
    /// <summary>The median of each figure on its own.</summary>
    public static StartSample Median(IReadOnlyList<StartSample> samples) =>
        new(Middle(samples, s => s.ReadySeconds), Middle(samples, s => s.CpuSeconds), Middle(samples, s => s.Megabytes));

    private static double Middle(IReadOnlyList<StartSample> samples, Func<StartSample, double> figure) => Math.Round(samples.Select(figure).Order().ElementAt(samples.Count / 2), 3);
}
