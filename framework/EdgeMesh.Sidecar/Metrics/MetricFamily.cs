using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>The series of one instrument.</summary>
/// <param name="name">daprd's.</param>
/// <param name="help">For who reads it.</param>
/// <param name="kind">What it is.</param>
/// <param name="buckets">The bounds of a histogram's.</param>
/// <param name="rules">Those about it.</param>
internal sealed class MetricFamily(string name, string help, MetricKind kind, double[] buckets, LabelRule[] rules)
{
    /// <summary>Series of one instrument and app; what comes later is not told apart any more.</summary>
    private const int SeriesLimit = 2000;

    private readonly double[] _bounds = kind == MetricKind.Histogram ? buckets : [];
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, MetricSeries>> _apps = new(StringComparer.Ordinal);

    public string Name => name;

    /// <summary>What stands for the value of a label.</summary>
    public string Value(string label, string value)
    {
        foreach (var rule in rules)
        {
            value = rule.Label == label ? rule.Apply(value) : value;
        }

        return value;
    }

    public MetricSeries Of(string app, ReadOnlySpan<char> labels)
    {
        var series = _apps.TryGetValue(app, out var known) ? known : _apps.GetOrAdd(app, static _ => new(StringComparer.Ordinal));
        return series.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(labels, out var found)
            ? found
            : series.GetOrAdd(series.Count < SeriesLimit ? labels.ToString() : Rest(app), static (_, bounds) => new MetricSeries(bounds), _bounds);
    }

    private static string Rest(string app)
    {
        var labels = new MetricLabels(stackalloc char[128]);
        if (app.Length > 0)
        {
            labels.Add(MetricsText.AppLabel, app);
        }

        labels.Add("series", "too many");
        return labels.Text.ToString();
    }

    /// <param name="text">Takes it.</param>
    /// <param name="app">Null: all apps.</param>
    public void Write(StringBuilder text, string? app)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {kind switch { MetricKind.Histogram => "histogram", MetricKind.Gauge => "gauge", _ => "counter" }}\n");
        foreach (var (_, series) in _apps.Where(a => app is null || a.Key.Length == 0 || a.Key == app))
        {
            foreach (var (labels, one) in series)
            {
                one.Write(text, name, labels);
            }
        }
    }
}
