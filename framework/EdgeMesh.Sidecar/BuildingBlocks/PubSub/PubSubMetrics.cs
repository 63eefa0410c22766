using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Metrics;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>What pub/sub counts, under daprd's names.</summary>
internal static class PubSubMetrics
{
    private static readonly Counter<long> Egress = Counter("egress_count", "Messages that apps published.");
    private static readonly Histogram<double> EgressLatency = Latency("egress_latencies", "Time that the broker took for a message.");
    private static readonly Counter<long> BulkEgress = Counter("egress_bulk_count", "Bulk publishes of apps.");
    private static readonly Histogram<double> BulkEgressLatency = Latency("egress_bulk_latencies", "Time that the broker took for a bulk publish.");
    private static readonly Counter<long> Ingress = Counter("ingress_count", "Deliveries to apps, by what the app made of them.");
    private static readonly Histogram<double> IngressLatency = Latency("ingress_latencies", "Time that the app took for a delivery.");
    private static readonly Counter<long> BulkIngress = Counter("ingress_bulk_count", "Bulk deliveries to apps.");
    private static readonly Counter<long> BulkIngressEvents = Counter("ingress_bulk_event_count", "Messages of bulk deliveries, by what the app made of them.");
    private static readonly Histogram<double> BulkIngressLatency = Latency("ingress_bulk_latencies", "Time that the app took for a bulk delivery.");

    /// <summary>Boxed once, not for every message.</summary>
    private static readonly object True = true, False = false;

    public static void Published(PubSubTarget target, bool success, TimeSpan took) => Record(Egress, EgressLatency, target, success, took);

    /// <param name="target">Where.</param>
    /// <param name="success">Whether the broker owns all of its messages.</param>
    /// <param name="took">Until the broker had answered to each.</param>
    public static void PublishedMany(PubSubTarget target, bool success, TimeSpan took) => Record(BulkEgress, BulkEgressLatency, target, success, took);

    public static void Delivered(AppRuntime app, Subscription subscription, Verdict verdict, TimeSpan took)
    {
        // What an app dropped it has dealt with.
        var (processed, status) = verdict switch { Verdict.Success => ("success", "success"), Verdict.Drop => ("drop", "success"), _ => ("retry", "retry") };
        ReadOnlySpan<KeyValuePair<string, object?>> labels =
        [
            new("app_id", app.AppId), new("component", subscription.PubSub), new("namespace", app.Process.Namespace), new("process_status", processed), new("status", status),
            new("topic", subscription.Topic),
        ];
        Ingress.Add(1, labels);
        IngressLatency.Record(took.TotalMilliseconds, labels);
    }

    public static void DeliveredMany(AppRuntime app, Subscription subscription, IReadOnlyList<Verdict> verdicts, TimeSpan took)
    {
        ReadOnlySpan<KeyValuePair<string, object?>> batch = Labels("");
        BulkIngress.Add(1, batch);
        BulkIngressLatency.Record(took.TotalMilliseconds, batch);
        foreach (var verdict in verdicts)
        {
            BulkIngressEvents.Add(1, Labels(verdict switch { Verdict.Success => "SUCCESS", Verdict.Drop => "DROP", _ => "RETRY" }));
        }

        KeyValuePair<string, object?>[] Labels(string processed) =>
            [new("app_id", app.AppId), new("component", subscription.PubSub), new("namespace", app.Process.Namespace), new("process_status", processed), new("topic", subscription.Topic)];
    }

    private static void Record(Counter<long> count, Histogram<double> latency, PubSubTarget target, bool success, TimeSpan took)
    {
        ReadOnlySpan<KeyValuePair<string, object?>> labels =
            [new("app_id", target.App.AppId), new("component", target.Spec.Name), new("namespace", target.App.Process.Namespace), new("success", success ? True : False), new("topic", target.Topic)];
        count.Add(1, labels);
        latency.Record(took.TotalMilliseconds, labels);
    }

    private static Counter<long> Counter(string name, string help) => SidecarMetrics.Meter.CreateCounter<long>("dapr_component_pubsub_" + name, "{message}", help);

    private static Histogram<double> Latency(string name, string help) => SidecarMetrics.Meter.CreateHistogram<double>("dapr_component_pubsub_" + name, "ms", help);
}
