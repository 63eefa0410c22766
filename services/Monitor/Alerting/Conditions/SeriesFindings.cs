using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Alerting.Conditions;

/// <summary>Looks at this site's series in the local store.</summary>
internal sealed class SeriesFindings(TelemetryStore store, string site)
{
    private const int MostPoints = 2000;
    private const int MostSeries = 500;
    private static readonly ImmutableSortedDictionary<string, string> Any = ImmutableSortedDictionary<string, string>.Empty;

    public IEnumerable<Finding> Of(AlertRule rule, SeriesCondition condition, DateTimeOffset now)
    {
        var meant = List(condition, condition.Labels, now);
        return condition.Test switch
        {
            SeriesTest.Absent => Absent(rule, condition, meant, now),
            SeriesTest.ShareAbove => Shares(rule, condition, List(condition, Any, now), meant, now),
            _ => meant.Take(MostSeries).Select(s => Beyond(rule, condition, s, now)).OfType<Finding>(),
        };
    }

    /// <summary>Those with a point in the window, give or take: others have no say.</summary>
    private IReadOnlyList<SeriesInfo> List(SeriesCondition condition, IReadOnlyDictionary<string, string> labels, DateTimeOffset now) =>
        store.ListSeries(new SeriesQuery { Site = site, Service = condition.Service, Name = condition.Name, Kind = condition.Kind, Labels = labels, Since = now - condition.Over });

    private Finding? Beyond(AlertRule rule, SeriesCondition condition, SeriesInfo series, DateTimeOffset now)
    {
        var isAbove = condition.Test == SeriesTest.Above;
        if (Value(series, condition, now) is not { } value || (isAbove ? value <= condition.Limit : value >= condition.Limit))
        {
            return null;
        }

        return new(rule, site, series.Service, Subject(series), $"{Figures.Value(value, series.Unit)} ({condition.Take.ToString().ToLowerInvariant()} of {Figures.Time(condition.Over)})",
            $"{(isAbove ? "at most" : "at least")} {Figures.Value(condition.Limit, series.Unit)}", ConsolePaths.Series(series.Id));
    }

    /// <summary>One finding: that something should be there is known, and which series it would be is not.</summary>
    private IEnumerable<Finding> Absent(AlertRule rule, SeriesCondition condition, IReadOnlyList<SeriesInfo> meant, DateTimeOffset now)
    {
        if (!meant.Any(s => Points(s, condition, now).Count > 0))
        {
            yield return new(rule, site, condition.Service ?? "", condition.Name, $"no point for {Figures.Time(condition.Over)}", "points", ConsolePaths.Metric(site, condition.Name, condition.Service));
        }
    }

    private IEnumerable<Finding> Shares(AlertRule rule, SeriesCondition condition, IReadOnlyList<SeriesInfo> named, IReadOnlyList<SeriesInfo> meant, DateTimeOffset now)
    {
        foreach (var service in meant.GroupBy(s => s.Service))
        {
            // Summed: whoever has a single point in the window had nothing else, and must not count as if it went on all the time.
            var part = service.Sum(s => Points(s, condition, now).Sum(p => p.Value));
            var whole = named.Where(s => s.Service == service.Key).Sum(s => Points(s, condition, now).Sum(p => p.Value));
            if (whole > 0 && part / whole > condition.Limit)
            {
                yield return new(rule, site, service.Key, "", $"{Figures.Share(part / whole)} over {Figures.Time(condition.Over)}",
                    $"at most {Figures.Share(condition.Limit)}", ConsolePaths.Metric(site, condition.Name, service.Key));
            }
        }
    }

    /// <summary>Null: there is no point, or for a rate only one.</summary>
    private double? Value(SeriesInfo series, SeriesCondition condition, DateTimeOffset now)
    {
        var points = Points(series, condition, now);
        if (points.Count == 0)
        {
            return null;
        }

        return condition.Take switch
        {
            SeriesTake.Last => points[^1].Value,
            SeriesTake.Max => points.Max(p => p.Value),
            SeriesTake.Min => points.Min(p => p.Value),
            SeriesTake.Rate => (points[^1].Time - points[0].Time).TotalSeconds is var seconds and > 0 ? (points[^1].Value - points[0].Value) / seconds : null,
            _ => points.Average(p => p.Value),
        };
    }

    private List<SeriesPoint> Points(SeriesInfo series, SeriesCondition condition, DateTimeOffset now) =>
        [.. store.ReadSeries(series.Id, now - condition.Over, now, MostPoints).Where(p => double.IsFinite(p.Value))];

    private static string Subject(SeriesInfo series) =>
        $"{series.Name} {series.Kind}{string.Concat(series.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $" {l.Key}={l.Value}"))}";
}
