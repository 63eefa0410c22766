using EdgeMesh.Services.Monitor.Intake.Protos;

namespace EdgeMesh.Services.Monitor.Intake;

/// <summary>How many records an export holds.</summary>
internal static class ExportSize
{
    public static int Of(ExportLogsServiceRequest request) => request.ResourceLogs.Sum(r => r.ScopeLogs.Sum(s => s.LogRecords.Count));

    public static int Of(ExportTraceServiceRequest request) => request.ResourceSpans.Sum(r => r.ScopeSpans.Sum(s => s.Spans.Count));

    public static int Of(ExportMetricsServiceRequest request) => request.ResourceMetrics.Sum(r => r.ScopeMetrics.Sum(s => s.Metrics.Sum(Points)));

    private static int Points(Metric metric) => metric.DataCase switch
    {
        Metric.DataOneofCase.Gauge => metric.Gauge.DataPoints.Count,
        Metric.DataOneofCase.Sum => metric.Sum.DataPoints.Count,
        Metric.DataOneofCase.Histogram => metric.Histogram.DataPoints.Count,
        Metric.DataOneofCase.ExponentialHistogram => metric.ExponentialHistogram.DataPoints.Count,
        Metric.DataOneofCase.Summary => metric.Summary.DataPoints.Count,
        _ => 1,
    };
}
