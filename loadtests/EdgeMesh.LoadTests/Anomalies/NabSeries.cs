using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.LoadTests.Anomalies;

/// <summary>Where a labelled anomaly is: from the first to the last point, both in it.</summary>
internal readonly record struct NabWindow(int First, int Last)
{
    public int Length => Last - First + 1;
}

/// <summary>A series of the Numenta Anomaly Benchmark and its labelled windows, in order.</summary>
internal sealed record NabSeries(string Name, IReadOnlyList<Measurement> Points, IReadOnlyList<NabWindow> Windows)
{
    private const double ProbationShare = 0.15;
    private const int LongestProbation = 750;

    /// <summary>The folder that it is in: series of one kind.</summary>
    public string Category => Name.Split('/')[0];

    /// <summary>So many points at the beginning are for learning, and do not count.</summary>
    public int Probation => Math.Min((int)(ProbationShare * Points.Count), LongestProbation);
}
