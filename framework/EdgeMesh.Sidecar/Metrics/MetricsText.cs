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
    private readonly MetricsSetting _setting;
    private readonly double[] _buckets;
    private readonly ConcurrentDictionary<Instrument, MetricFamily> _families = new();

    /// <param name="apps">Other hosts of the process count under other apps.</param>
    /// <param name="setting">Buckets and rules.</param>
    public MetricsText(IReadOnlySet<string> apps, MetricsSetting setting)
    {
        (_apps, _setting, _buckets) = (apps, setting, [.. setting.Buckets]);
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

    private MetricFamily NewFamily(Instrument instrument) =>
        new(instrument.Name, instrument.Description ?? "", MetricKinds.Of(instrument), _buckets, [.. _setting.Rules.Where(r => r.IsAbout(instrument.Name))]);

    /// <summary>On the path of every call: a series that is known is found without making its text anew.</summary>
    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (_families.TryGetValue(instrument, out var known) && known.Recall(tags) is { } recalled)
        {
            Add(instrument, value, recalled);
            return;
        }

        var app = "";
        foreach (var (name, label) in tags)
        {
            app = name == AppLabel ? (string?)label ?? "" : app;
        }

        if (app.Length > 0 && !_apps.Contains(app))
        {
            return;
        }

        var family = known ?? _families.GetOrAdd(instrument, static (i, text) => text.NewFamily(i), this);
        Span<char> first = stackalloc char[512];
        var labels = new MetricLabels(first);
        foreach (var (name, label) in tags)
        {
            labels.Add(name, family.Value(name, label switch
            {
                string text => text,
                true => "true",
                false => "false",
                _ => Convert.ToString(label, CultureInfo.InvariantCulture) ?? "",
            }));
        }

        var series = family.Of(app, labels.Text);
        family.Keep(tags, series);
        Add(instrument, value, series);
    }

    private static void Add(Instrument instrument, double value, MetricSeries series)
    {
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
