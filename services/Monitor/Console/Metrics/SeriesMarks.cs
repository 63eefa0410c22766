using EdgeMesh.Services.Monitor.Anomalies;

namespace EdgeMesh.Services.Monitor.Console.Metrics;

/// <summary>The anomalies of this site's own series, for the charts.</summary>
internal sealed class SeriesMarks(AnomalyWatch watch)
{
    public IReadOnlyList<PlotMark> Find(long series, DateTimeOffset from, DateTimeOffset to) =>
        [.. watch.Find(series, from, to).Select(m => new PlotMark(m.Time, m.Observed, m.Expected, m.Low, m.High))];

    /// <summary>The series that have any.</summary>
    public IReadOnlySet<long> Since(DateTimeOffset from) => watch.Since(from).Select(m => m.SeriesId).ToHashSet();
}
