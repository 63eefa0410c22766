using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Anomalies;

namespace EdgeMesh.Services.Monitor.Alerting.Conditions;

/// <summary>Looks at the anomalies that the watch found of late. Of a series, the last one speaks.</summary>
internal sealed class AnomalyFindings(AnomalyWatch watch, string site)
{
    public IEnumerable<Finding> Of(AlertRule rule, AnomalyCondition condition, DateTimeOffset now)
    {
        foreach (var mark in watch.Since(now - condition.Hold).Where(m => m.Score >= condition.LeastScore && Fits(condition, m)).GroupBy(m => m.SeriesId).Select(g => g.Last()))
        {
            yield return new(rule, site, mark.Service, $"{mark.Series} {mark.Labels}".TrimEnd(),
                $"{Figures.Value(mark.Observed, "")} at {mark.Time.UtcDateTime:HH:mm} UTC", $"{Figures.Value(mark.Expected, "")}, from {Figures.Value(mark.Low, "")} to {Figures.Value(mark.High, "")}",
                ConsolePaths.Series(mark.SeriesId))
            {
                Similar = [.. watch.SimilarTo(mark)],
            };
        }
    }

    /// <summary>By the name of the instrument alone, or with its kind.</summary>
    private static bool Fits(AnomalyCondition condition, AnomalyMark mark) => condition.Series.Any(s => NamePattern.Fits(s, mark.Series) || mark.Series.StartsWith(s + " ", StringComparison.Ordinal));
}
