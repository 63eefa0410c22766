using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Metrics;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>Events of input bindings, under daprd's names.</summary>
internal static class BindingMetrics
{
    private static readonly Counter<long> Events = SidecarMetrics.Meter.CreateCounter<long>("dapr_component_input_binding_count", "{event}", "Events of input bindings, by whether the app took them.");
    private static readonly Histogram<double> Latency = SidecarMetrics.Meter.CreateHistogram<double>("dapr_component_input_binding_latencies", "ms", "Time that the app took for an event.");

    public static void Delivered(AppRuntime app, string binding, bool success, TimeSpan took)
    {
        ReadOnlySpan<KeyValuePair<string, object?>> labels = [new("app_id", app.AppId), new("component", binding), new("namespace", app.Process.Namespace), new("success", success)];
        Events.Add(1, labels);
        Latency.Record(took.TotalMilliseconds, labels);
    }
}
