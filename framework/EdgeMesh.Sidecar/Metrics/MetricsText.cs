using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>Adds up what the sidecar counts for its apps, and writes it in Prometheus' text format. Series are bounded: paths are the
/// callers' to choose.</summary>
internal sealed class MetricsText : IDisposable
{
    /// <summary>Series of one instrument; what comes later is not told apart any more.</summary>
    private const int SeriesLimit = 2000;
    private const string AppLabel = "app_id";
    private static readonly double[] Buckets =
        [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

    private readonly MeterListener _listener = new();
    private readonly IReadOnlySet<string> _apps;
    private readonly ConcurrentDictionary<string, Family> _families = new(StringComparer.Ordinal);

    /// <param name="apps">Other hosts of the process count under other apps.</param>
    public MetricsText(IReadOnlySet<string> apps)
    {
        _apps = apps;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == SidecarMetrics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public string Write()
    {
        var text = new StringBuilder();
        foreach (var (name, family) in _families.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {family.Help}\n# TYPE {name} {(family.IsHistogram ? "histogram" : "counter")}\n");
            foreach (var (labels, series) in family.Series)
            {
                series.Write(text, name, labels, family.IsHistogram);
            }
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new StringBuilder();
        foreach (var (name, label) in tags)
        {
            var text = Convert.ToString(label, CultureInfo.InvariantCulture) ?? "";
            if (name == AppLabel && !_apps.Contains(text))
            {
                return;
            }

            labels.Append(labels.Length == 0 ? "" : ",").Append(name).Append("=\"").Append(Escape(label is bool yes ? (yes ? "true" : "false") : text)).Append('"');
        }

        var family = _families.GetOrAdd(instrument.Name, static (_, i) => new Family(i.Description ?? "", i is Histogram<double>), instrument);
        family.Of(labels.ToString()).Add(value);
    }

    private static string Escape(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed class Family(string help, bool isHistogram)
    {
        private const string Rest = "series=\"too many\"";

        public string Help { get; } = help;

        public bool IsHistogram { get; } = isHistogram;

        public ConcurrentDictionary<string, Series> Series { get; } = new(StringComparer.Ordinal);

        public Series Of(string labels) => Series.TryGetValue(labels, out var series) ? series : Series.GetOrAdd(Series.Count < SeriesLimit ? labels : Rest, static (_, h) => new Series(h), IsHistogram);
    }

    private sealed class Series(bool isHistogram)
    {
        /// <summary>Guards all that follows.</summary>
        private readonly Lock _lock = new();
        private readonly long[] _buckets = isHistogram ? new long[Buckets.Length + 1] : [];
        private long _count;
        private double _sum;

        public void Add(double value)
        {
            var at = _buckets.Length == 0 ? -1 : Array.BinarySearch(Buckets, value);
            lock (_lock)
            {
                _count++;
                _sum += value;
                if (_buckets.Length > 0)
                {
                    _buckets[at < 0 ? ~at : at]++;
                }
            }
        }

        public void Write(StringBuilder text, string name, string labels, bool asHistogram)
        {
            lock (_lock)
            {
                if (!asHistogram)
                {
                    text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {_sum}\n");
                    return;
                }

                var comma = labels.Length == 0 ? "" : ",";
                long below = 0;
                for (var i = 0; i < _buckets.Length; i++)
                {
                    below += _buckets[i];
                    text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels}{comma}le=\"{(i < Buckets.Length ? Buckets[i].ToString(CultureInfo.InvariantCulture) : "+Inf")}\"}} {below}\n");
                }

                text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {_sum}\n{name}_count{{{labels}}} {_count}\n");
            }
        }
    }
}
