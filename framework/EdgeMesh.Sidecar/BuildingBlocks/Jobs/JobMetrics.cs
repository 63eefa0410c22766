using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Metrics;

namespace EdgeMesh.Sidecar.BuildingBlocks.Jobs;

/// <summary>Jobs that were due, under daprd's names.</summary>
internal static class JobMetrics
{
    private static readonly Counter<long> Done = SidecarMetrics.Meter.CreateCounter<long>("dapr_component_job_success_count", "{job}", "Jobs that the app took.");
    private static readonly Counter<long> Failed = SidecarMetrics.Meter.CreateCounter<long>("dapr_component_job_failure_count", "{job}", "Jobs that the app did not take.");
    private static readonly Histogram<double> Latency = SidecarMetrics.Meter.CreateHistogram<double>("dapr_component_job_latencies", "ms", "Time that the app took for a job.");

    public static void Triggered(AppRuntime app, bool success, long began)
    {
        ReadOnlySpan<KeyValuePair<string, object?>> labels = [new("app_id", app.AppId), new("namespace", app.Process.Namespace), new("operation", "job_trigger_op")];
        (success ? Done : Failed).Add(1, labels);
        Latency.Record(app.Process.Clock.GetElapsedTime(began).TotalMilliseconds, [.. labels, new("success", success)]);
    }
}
