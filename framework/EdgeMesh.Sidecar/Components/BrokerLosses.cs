using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Metrics;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Counts what brokers give up: nothing that was taken goes unseen.</summary>
internal static class BrokerLosses
{
    /// <summary>daprd has no such count. It is named as the metrics port's names are: a dot would spoil the whole scrape.</summary>
    private static readonly Counter<long> Lost = SidecarMetrics.Meter.CreateCounter<long>("edgemesh_pubsub_lost_total", "{message}", "Messages that a broker gave up, by reason.");

    /// <param name="count">How many.</param>
    /// <param name="broker">The kind of broker.</param>
    /// <param name="reason">Which limit it was: full, attempts, expired, retention …</param>
    /// <param name="where">The topic or the peer.</param>
    public static void Add(long count, string broker, string reason, string where)
    {
        if (count > 0)
        {
            Lost.Add(count, new("broker", broker), new("reason", reason), new("where", where));
        }
    }
}
