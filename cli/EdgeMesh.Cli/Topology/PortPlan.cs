using EdgeMesh.Cli.Daprd;

namespace EdgeMesh.Cli.Topology;

/// <summary>The one place that turns the topology into port numbers.</summary>
internal static class PortPlan
{
    /// <summary>Linux gives ports from here upward to outgoing connections, so a listener there may find its port taken.</summary>
    public const int Limit = 32768;

    /// <summary>A sidecar takes this many ports after its app's own.</summary>
    public const int SidecarPorts = 4;

    public const string AppBinding = "http";

    /// <summary>With daprd, a site's sentry takes this many ports after the gateway's sidecar.</summary>
    private const int SentryPorts = 3;

    /// <summary>With daprd, placement and scheduler take so many ports after the monitor's sidecar.</summary>
    private const int PlacementPorts = 4;
    private const int SchedulerPorts = 5;

    public static int Binding(this MeshTopology topology, SiteDefinition site, string service, string binding) =>
        topology.Service(service).Bindings.First(b => b.Name == binding).Port + site.PortOffset + topology.PortShift;

    public static int AppPort(this MeshTopology topology, SiteDefinition site, string service) => topology.Binding(site, service, AppBinding);

    public static int SidecarHttpPort(this MeshTopology topology, SiteDefinition site, string service) => topology.AppPort(site, service) + 1;

    public static int SidecarGrpcPort(this MeshTopology topology, SiteDefinition site, string service) => topology.AppPort(site, service) + 2;

    public static int SidecarInternalPort(this MeshTopology topology, SiteDefinition site, string service) => topology.AppPort(site, service) + 3;

    public static int SidecarMetricsPort(this MeshTopology topology, SiteDefinition site, string service) => topology.AppPort(site, service) + 4;

    /// <summary>The site's certificate issuer for its sidecars; its health and metrics take the next two.</summary>
    public static int SentryPort(this MeshTopology topology, SiteDefinition site) => topology.AppPort(site, "gateway") + SidecarPorts + 1;

    /// <summary>Where sidecars of actors find placement; its health, metrics and consensus take the next three.</summary>
    public static int PlacementPort(this MeshTopology topology, SiteDefinition site) => topology.AppPort(site, ControlPlane.PortsAfter(topology)) + SidecarPorts + 1;

    /// <summary>Where sidecars of actors find the scheduler; its health, metrics and database take the next four.</summary>
    public static int SchedulerPort(this MeshTopology topology, SiteDefinition site) => topology.PlacementPort(site) + PlacementPorts;

    /// <summary>Where <paramref name="site"/> reaches <paramref name="peer"/>'s mesh door: a relay that <c>edgemesh up</c> owns.</summary>
    public static int RelayPort(this MeshTopology topology, SiteDefinition site, SiteDefinition peer) =>
        topology.RelayPort + topology.Sites.IndexOf(peer) + site.PortOffset + topology.PortShift;

    public static Uri PublicUrl(this MeshTopology topology, SiteDefinition site) =>
        new($"https://127.0.0.1:{topology.Binding(site, "gateway", "public")}");

    /// <summary>Every port that the mesh would listen on with the embedded engine, with who wants it.</summary>
    public static IEnumerable<PortUse> AllPorts(this MeshTopology topology)
    {
        foreach (var site in topology.Sites)
        {
            foreach (var use in SitePorts(topology, site))
            {
                yield return use;
            }
        }
    }

    public static IEnumerable<PortUse> SitePorts(this MeshTopology topology, SiteDefinition site)
    {
        foreach (var service in site.Services.Select(topology.Service))
        {
            foreach (var binding in service.Bindings)
            {
                yield return new(binding.Port + site.PortOffset + topology.PortShift, site.Name, $"{service.Name} ({binding.Name})");
            }

            yield return new(topology.SidecarHttpPort(site, service.Name), site.Name, $"{service.Name}'s sidecar (HTTP)");
            yield return new(topology.SidecarGrpcPort(site, service.Name), site.Name, $"{service.Name}'s sidecar (gRPC)");
            yield return new(topology.SidecarInternalPort(site, service.Name), site.Name, $"{service.Name}'s sidecar (internal)", OnlyDaprd: true);
            yield return new(topology.SidecarMetricsPort(site, service.Name), site.Name, $"{service.Name}'s sidecar (metrics)", OnlyDaprd: true);
        }

        for (var port = 0; port < SentryPorts; port++)
        {
            yield return new(topology.SentryPort(site) + port, site.Name, "sentry", OnlyDaprd: true);
        }

        if (ControlPlane.IsNeeded(site))
        {
            for (var port = 0; port < PlacementPorts + SchedulerPorts; port++)
            {
                yield return new(topology.PlacementPort(site) + port, site.Name, port < PlacementPorts ? "placement" : "scheduler", OnlyDaprd: true);
            }
        }

        foreach (var peer in topology.Sites.Where(p => topology.AreLinked(site.Name, p.Name)))
        {
            yield return new(topology.RelayPort(site, peer), site.Name, $"link to {peer.Name}");
        }
    }
}

internal sealed record PortUse(int Port, string Site, string User, bool OnlyDaprd = false);
