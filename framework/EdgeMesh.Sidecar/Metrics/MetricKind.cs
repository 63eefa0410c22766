using System.Diagnostics.Metrics;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>What Prometheus takes a metric for.</summary>
internal enum MetricKind
{
    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,

    /// <summary>Counts by size.</summary>
    Histogram,
}

internal static class MetricKinds
{
    public static MetricKind Of(Instrument instrument) => instrument switch
    {
        Histogram<double> => MetricKind.Histogram,
        UpDownCounter<long> or Gauge<long> => MetricKind.Gauge,
        _ => MetricKind.Counter,
    };
}
