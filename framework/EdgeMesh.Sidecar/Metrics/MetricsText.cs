using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>Adds up what the sidecar counts for its apps, and writes it in Prometheus' text format. Series are bounded: paths are the
/// callers' to choose.</summary>
internal sealed class MetricsText : IDisposable
{
    public const string AppLabel = "app_id";

    private readonly MeterListener _listener = new();
    private readonly IReadOnlySet<string> _apps;
    private readonly double[] _buckets;
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();

    /// <param name="apps">Other hosts of the process count under other apps.</param>
    /// <param name="buckets">Upper bounds of the buckets of latencies, in milliseconds.</param>
    public MetricsText(IReadOnlySet<string> apps, IReadOnlyList<double> buckets)
    {
        (_apps, _buckets) = (apps, [.. buckets]);
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

    /// <param name="app">Whose series; null: all apps'.</param>
    public string Write(string? app)
    {
        var text = new StringBuilder();
        foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            family.Write(text, app);
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>On the path of every call: a series that is known is found without making its text anew.</summary>
    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var app = "";
        foreach (var (name, label) in tags)
        {
            app = name == AppLabel ? (string?)label ?? "" : app;
        }

        if (app.Length > 0 && !_apps.Contains(app))
        {
            return;
        }

        Span<char> first = stackalloc char[512];
        var labels = new MetricLabels(first);
        foreach (var (name, label) in tags)
        {
            labels.Add(name, label switch
            {
                string text => text,
                true => "true",
                false => "false",
                _ => Convert.ToString(label, CultureInfo.InvariantCulture) ?? "",
            });
        }

        var family = _families.TryGetValue(instrument, out var known) ? known : _families.GetOrAdd(instrument, static (i, buckets) => new MetricFamily(i.Name, i.Description ?? "", MetricKinds.Of(i), buckets), _buckets);
        var series = family.Of(app, labels.Text);
        if (instrument is Gauge<long>)
        {
            series.Set(value);
        }
        else
        {
            series.Add(value);
        }
    }
}
