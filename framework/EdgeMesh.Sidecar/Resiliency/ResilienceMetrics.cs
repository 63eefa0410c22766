using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Metrics;

namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>What policies are used for, and what they do, under daprd's names.</summary>
/// <param name="AppId">Whose sidecar.</param>
/// <param name="Resource">The Resiliency resource.</param>
/// <param name="IsInbound">What comes to the app, not what goes from it.</param>
/// <param name="Target">As daprd writes it: <c>app_orders</c>, <c>actor_cart</c>, <c>Statestore_heads</c>.</param>
internal sealed record ResilienceMetrics(string AppId, string Resource, bool IsInbound, string Target)
{
    private static readonly Counter<long> Loaded = Counter("dapr_resiliency_loaded", "Resiliency resources of the app.");
    private static readonly Counter<long> Uses = Counter("dapr_resiliency_count", "Calls that had a policy.");
    private static readonly Counter<long> Activations = Counter("dapr_resiliency_activations_total", "Calls in which a policy did something.");
    private static readonly Gauge<long> BreakerState = SidecarMetrics.Meter.CreateGauge<long>("dapr_resiliency_cb_state", null, "1 for the state in which a circuit breaker is.");

    private static readonly string[] States = ["closed", "half-open", "open", "unknown"];

    public static bool IsIdle => !Uses.Enabled;

    public static void Tell(string appId, IEnumerable<string> resources)
    {
        foreach (var resource in resources)
        {
            Loaded.Add(1, new("app_id", appId), new("name", resource), new("namespace", ""));
        }
    }

    /// <param name="policy">retry, timeout or circuitbreaker.</param>
    /// <param name="status">A breaker's state; empty for others.</param>
    public void Used(string policy, string status) => Uses.Add(1, Labels(policy, status));

    /// <inheritdoc cref="Used"/>
    public void Activated(string policy, string status) => Activations.Add(1, Labels(policy, status));

    public void Show(CircuitBreaker breaker)
    {
        var now = breaker.StateName;
        foreach (var state in States)
        {
            BreakerState.Record(state == now ? 1 : 0, Labels("circuitbreaker", state));
        }
    }

    private KeyValuePair<string, object?>[] Labels(string policy, string status) =>
    [
        new("app_id", AppId), new("flow_direction", IsInbound ? "inbound" : "outbound"), new("name", Resource), new("namespace", ""), new("policy", policy), new("status", status),
        new("target", Target),
    ];

    private static Counter<long> Counter(string name, string help) => SidecarMetrics.Meter.CreateCounter<long>(name, null, help);
}
