using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Metrics;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Actors by their type, under daprd's names.</summary>
internal static class ActorMetrics
{
    private static readonly UpDownCounter<long> Waiting = Gauge("dapr_runtime_actor_pending_actor_calls", "Calls of actors that wait for their turn or have it.");
    private static readonly UpDownCounter<long> TimersSet = Gauge("dapr_runtime_actor_timers", "Timers that are set.");
    private static readonly Counter<long> TimersFired = Counter("dapr_runtime_actor_timers_fired_total", "Timers that fired.");
    private static readonly Counter<long> RemindersFired = Counter("dapr_runtime_actor_reminders_fired_total", "Reminders that fired.");
    private static readonly Counter<long> Gone = Counter("dapr_runtime_actor_deactivated_total", "Actors that were deactivated.");

    /// <param name="appId">The host.</param>
    /// <param name="type">Of the actor.</param>
    /// <param name="change">1 when a call comes, -1 when it has ended.</param>
    public static void Calls(string appId, string type, int change) => Waiting.Add(change, Type(type), App(appId));

    /// <param name="app">Who set it.</param>
    /// <param name="type">Of the actor.</param>
    /// <param name="change">1 when one is set, -1 when it is no more.</param>
    public static void Timers(AppRuntime app, string type, int change) => TimersSet.Add(change, Type(type), App(app.AppId));

    public static void TimerFired(AppRuntime app, string type, bool success) => TimersFired.Add(1, Type(type), App(app.AppId), new("success", success));

    public static void ReminderFired(AppRuntime app, string type, bool success) => RemindersFired.Add(1, Type(type), App(app.AppId), new("success", success));

    public static void Deactivated(string appId, string type) => Gone.Add(1, Type(type), App(appId));

    private static KeyValuePair<string, object?> Type(string type) => new("actor_type", type);

    private static KeyValuePair<string, object?> App(string appId) => new("app_id", appId);

    private static UpDownCounter<long> Gauge(string name, string help) => SidecarMetrics.Meter.CreateUpDownCounter<long>(name, null, help);

    private static Counter<long> Counter(string name, string help) => SidecarMetrics.Meter.CreateCounter<long>(name, null, help);
}
