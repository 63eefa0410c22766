using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace EdgeMesh.Telemetry;

/// <summary>Exports the measurements of each host by themselves. OTLP groups meters by name and takes the attributes of the first: two
/// hosts in one process would be told as one.</summary>
internal sealed class HostMetricExporter(OtlpExporterOptions options) : OtlpMetricExporter(options)
{
    public override ExportResult Export(in Batch<Metric> metrics)
    {
        var hosts = new Dictionary<string, List<Metric>>(StringComparer.Ordinal);
        foreach (var metric in metrics)
        {
            var host = metric.MeterTags?.FirstOrDefault(t => t.Key == HostExport.ServiceKey).Value as string ?? "";
            if (!hosts.TryGetValue(host, out var own))
            {
                hosts[host] = own = [];
            }

            own.Add(metric);
        }

        var result = ExportResult.Success;
        foreach (var own in hosts.Values)
        {
            if (base.Export(new Batch<Metric>([.. own], own.Count)) == ExportResult.Failure)
            {
                result = ExportResult.Failure;
            }
        }

        return result;
    }
}
