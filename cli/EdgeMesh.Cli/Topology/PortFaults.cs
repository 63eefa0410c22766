using EdgeMesh.Services.Gateway;
using EdgeMesh.Services.Monitor;

namespace EdgeMesh.Cli.Topology;

/// <summary>Finds ports that two listeners would share, and ports that Linux lends to outgoing connections.</summary>
internal static class PortFaults
{
    /// <summary>Listeners that services have beside the one for their sidecar.</summary>
    private static readonly (string Service, string Binding, string Protocol)[] Needed =
        [(GatewayApp.AppId, "public", "https"), (GatewayApp.AppId, "mesh", "https"), (MonitorApp.AppId, "otlp-grpc", "http"), (MonitorApp.AppId, "otlp-http", "http")];

    public static void Find(MeshTopology topology, YamlMap extension)
    {
        foreach (var (service, binding, protocol) in Needed)
        {
            if (topology.Services.FirstOrDefault(s => s.Name == service) is { } found && found.Bindings.All(b => b.Name != binding))
            {
                extension.Fault("sites", $"the service {service} has no binding `{binding}`", $"Add `- name: {binding}` with protocol {protocol} and a port to its bindings.");
                return;
            }
        }

        // One fault for two sites that share an offset, not one for each of their ports.
        var clashes = topology.AllPorts().GroupBy(u => u.Port).Where(g => g.Count() > 1)
            .GroupBy(g => string.Join(" and ", g.Select(u => u.Site).Distinct()));
        foreach (var sites in clashes)
        {
            var first = sites.First();
            var users = string.Join(" and ", first.Select(u => $"{u.Site}/{u.User}"));
            var others = sites.Count() > 1 ? $" (and {sites.Count() - 1} more ports of {sites.Key})" : string.Empty;
            extension.Fault("sites", $"port {first.Key} is wanted by {users}{others}", "Change a binding's port, relayPort, or a site's portOffset.");
        }

        foreach (var site in topology.AllPorts().Where(u => u.Port >= PortPlan.Limit).GroupBy(u => u.Site))
        {
            var high = site.MaxBy(u => u.Port)!;
            extension.Fault("sites", $"port {high.Port} of {high.Site}/{high.User} is not below {PortPlan.Limit}",
                "Lower the port or the portOffset: from there on Linux gives ports to outgoing connections.");
        }
    }
}
