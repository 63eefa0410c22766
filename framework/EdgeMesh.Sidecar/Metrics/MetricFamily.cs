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

    private const int KnownLimit = 8;

    private readonly double[] _bounds = kind == MetricKind.Histogram ? buckets : [];
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, MetricSeries>> _apps = new(StringComparer.Ordinal);
    private volatile Known[] _known = [];

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

    /// <summary>The series of labels that were kept; null: their text is to be made.</summary>
    public MetricSeries? Recall(ReadOnlySpan<KeyValuePair<string, object?>> labels)
    {
        foreach (var known in _known)
        {
            if (known.Is(labels))
            {
                return known.Series;
            }
        }

        return null;
    }

    /// <summary>The first few sets of labels, as they came: nearly all calls of an app have one of them. Later ones are found by their text.</summary>
    public void Keep(ReadOnlySpan<KeyValuePair<string, object?>> labels, MetricSeries series)
    {
        var known = _known;
        if (known.Length < KnownLimit)
        {
            // Of two that come at once one is kept, and the other the next time.
            _known = [.. known, new Known(labels.ToArray(), series)];
        }
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

    private sealed record Known(KeyValuePair<string, object?>[] Labels, MetricSeries Series)
    {
        public bool Is(ReadOnlySpan<KeyValuePair<string, object?>> labels)
        {
            if (labels.Length != Labels.Length)
            {
                return false;
            }

            for (var i = 0; i < labels.Length; i++)
            {
                if (labels[i].Key != Labels[i].Key || !Equals(labels[i].Value, Labels[i].Value))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
