using System.Globalization;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Sites;

/// <summary>The settings that each service of a site gets: the same whether it shares a process or has its own.</summary>
internal static class SiteSettings
{
    /// <summary>What is no secret, under configuration keys.</summary>
    public static Dictionary<string, string?> For(MeshPlace place, SiteDefinition site, string service)
    {
        var topology = place.Topology;
        var settings = new Dictionary<string, string?>
        {
            ["EdgeMesh:Site"] = site.Name,
            ["EdgeMesh:DataDirectory"] = place.Data.Site(site.Name),
            ["EdgeMesh:Directory"] = place.Data.Directory(site.Name),
            ["urls"] = $"http://127.0.0.1:{topology.AppPort(site, service)}",
            ["DAPR_HTTP_ENDPOINT"] = $"http://127.0.0.1:{topology.SidecarHttpPort(site, service)}",
            ["DAPR_GRPC_ENDPOINT"] = $"http://127.0.0.1:{topology.SidecarGrpcPort(site, service)}",
        };
        if (site.Services.Contains("gateway"))
        {
            // Links that a service writes lead to the site's door, never to the service.
            settings["EdgeMesh:Gateway:PublicUrl"] = topology.PublicUrl(site).ToString().TrimEnd('/');
        }

        if (service == "gateway")
        {
            settings["EdgeMesh:Gateway:PublicPort"] = topology.Binding(site, service, "public").ToString(CultureInfo.InvariantCulture);
            settings["EdgeMesh:Gateway:MeshPort"] = topology.Binding(site, service, "mesh").ToString(CultureInfo.InvariantCulture);
            if (site.Services.Contains("monitor"))
            {
                // The one service that the gateway reaches without a sidecar: invocation drops the console's WebSocket.
                settings["EdgeMesh:Gateway:ConsoleUrl"] = $"http://127.0.0.1:{topology.AppPort(site, "monitor")}";
            }
        }

        if (service == "monitor")
        {
            settings["EdgeMesh:Monitor:Fleet:Services"] = string.Join(',', site.Services);
        }

        if (service == "functions")
        {
            foreach (var (label, value) in site.Labels)
            {
                settings[$"EdgeMesh:Functions:Labels:{label}"] = value;
            }
        }

        foreach (var (name, value) in topology.Service(service).Environment)
        {
            settings[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        }

        return settings;
    }
}
