using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Metrics;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>What pub/sub counts, under daprd's names.</summary>
internal static class PubSubMetrics
{
    private static readonly Counter<long> Egress = SidecarMetrics.Meter.CreateCounter<long>("dapr_component_pubsub_egress_count", "{message}", "Messages that apps published.");
    private static readonly Counter<long> Ingress = SidecarMetrics.Meter.CreateCounter<long>("dapr_component_pubsub_ingress_count", "{message}", "Deliveries to apps, by what the app made of them.");

    public static void Published(PubSubTarget target, bool success) => Egress.Add(
        1, new("app_id", target.App.AppId), new("component", target.Spec.Name), new("namespace", target.App.Process.Namespace), new("topic", target.Topic), new("success", success));

    public static void Delivered(Apps.AppRuntime app, Subscription subscription, string status) => Ingress.Add(
        1, new("app_id", app.AppId), new("component", subscription.PubSub), new("namespace", app.Process.Namespace), new("topic", subscription.Topic), new("process_status", status), new("status", status));
}
