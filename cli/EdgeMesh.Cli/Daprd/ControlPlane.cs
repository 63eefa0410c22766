using System.Globalization;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Services.Functions;
using EdgeMesh.Services.Monitor;

namespace EdgeMesh.Cli.Daprd;

/// <summary>What daprd needs for actors: placement, which says where they live, and scheduler, which keeps their reminders. A site runs its own
/// when a service of it has actors: the functions have one for each rollout, a core's monitor one for each site. Their certificates come from
/// the site's sentry; they carry its namespace, and so none is set.</summary>
internal static class ControlPlane
{
    private const string Loopback = "127.0.0.1";
    private const string PlacementId = "dapr-placement-0";
    private const string SchedulerId = "dapr-scheduler-server-0";

    public static bool IsNeeded(SiteDefinition site) => site.Services.Any(service => HostsActors(site, service));

    public static bool HostsActors(SiteDefinition site, string service) => service == FunctionsApp.AppId || (service == MonitorApp.AppId && site.IsCore);

    /// <summary>The service behind whose sidecar's ports theirs are: the same at every site.</summary>
    public static string PortsAfter(MeshTopology topology) => topology.Services.Any(s => s.Name == MonitorApp.AppId) ? MonitorApp.AppId : FunctionsApp.AppId;

    /// <summary>What the sidecar of a service that hosts actors must be told.</summary>
    public static string[] SidecarFlags(MeshPlace place, SiteDefinition site) =>
    [
        "--placement-host-address", $"{Loopback}:{Number(place.Topology.PlacementPort(site))}",
        "--scheduler-host-address", $"{Loopback}:{Number(place.Topology.SchedulerPort(site))}",
    ];

    public static string[] PlacementCommand(MeshPlace place, SiteDefinition site, string trustDomain)
    {
        var port = place.Topology.PlacementPort(site);
        return
        [
            DaprPrograms.Find(DaprPrograms.Placement)!, "--id", PlacementId, .. Common(place, site, trustDomain, port), "--initial-cluster", $"{PlacementId}={Loopback}:{Number(port + 3)}",
        ];
    }

    public static string[] SchedulerCommand(MeshPlace place, SiteDefinition site, string trustDomain)
    {
        var port = place.Topology.SchedulerPort(site);
        return
        [
            DaprPrograms.Find(DaprPrograms.Scheduler)!, "--id", SchedulerId, .. Common(place, site, trustDomain, port), "--etcd-data-dir", Path.Combine(place.Data.Site(site.Name), "scheduler"),
            "--etcd-client-port", Number(port + 3), "--etcd-initial-cluster", $"{SchedulerId}=http://{Loopback}:{Number(port + 4)}", "--override-broadcast-host-port", $"{Loopback}:{Number(port)}",
        ];
    }

    private static string[] Common(MeshPlace place, SiteDefinition site, string trustDomain, int port) =>
    [
        "--port", Number(port), "--listen-address", Loopback, "--healthz-port", Number(port + 1), "--healthz-listen-address", Loopback,
        "--metrics-port", Number(port + 2), "--metrics-listen-address", Loopback,
        "--tls-enabled", "--trust-anchors-file", Path.Combine(DaprdFiles.Credentials(place, site), "ca.crt"), "--sentry-address", $"{Loopback}:{Number(place.Topology.SentryPort(site))}",
        "--trust-domain", trustDomain, "--log-as-json", "--log-level", "warn",
    ];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
