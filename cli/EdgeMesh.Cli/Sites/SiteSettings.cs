using System.Globalization;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Services.Monitor;
using Microsoft.Extensions.Configuration;

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
            if (site.Services.Contains(MonitorApp.AppId))
            {
                // The one service that the gateway reaches without a sidecar: invocation drops the console's WebSocket.
                settings["EdgeMesh:Gateway:ConsoleUrl"] = $"http://127.0.0.1:{topology.AppPort(site, MonitorApp.AppId)}";
            }
        }

        if (service == MonitorApp.AppId)
        {
            settings["EdgeMesh:Monitor:Fleet:Services"] = string.Join(',', site.Services);
            settings["EdgeMesh:Monitor:OtlpGrpcPort"] = topology.Binding(site, service, "otlp-grpc").ToString(CultureInfo.InvariantCulture);
            settings["EdgeMesh:Monitor:OtlpHttpPort"] = topology.Binding(site, service, "otlp-http").ToString(CultureInfo.InvariantCulture);
        }

        if (service == "functions")
        {
            foreach (var (label, value) in site.Labels)
            {
                settings[$"EdgeMesh:Functions:Labels:{label}"] = value;
            }
        }

        if (site.Services.Contains(MonitorApp.AppId))
        {
            Export(settings, topology.Binding(site, MonitorApp.AppId, "otlp-http"));
        }

        foreach (var (name, value) in topology.Service(service).Environment)
        {
            settings[name.Replace("__", ":", StringComparison.Ordinal)] = value;
        }

        return settings;
    }

    /// <summary>The same for a process of this machine: whoever names a collector of their own in the environment gets all of it there.</summary>
    public static Dictionary<string, string?> ForProcess(MeshPlace place, SiteDefinition site, string service, IConfiguration environment)
    {
        var settings = For(place, site, service);
        if (environment["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
        {
            foreach (var key in settings.Keys.Where(k => k.StartsWith("OTEL_", StringComparison.Ordinal) || k.StartsWith("EdgeMesh:Export:", StringComparison.Ordinal)).ToArray())
            {
                settings.Remove(key);
            }
        }

        return settings;
    }

    /// <summary>To the site's own monitor: bounded in what it costs, and not while the site starts.</summary>
    private static void Export(Dictionary<string, string?> settings, int port)
    {
        settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{port}";
        settings["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        settings["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"] = "delta";
        settings["OTEL_METRIC_EXPORT_INTERVAL"] = "15000";
        settings["OTEL_BSP_SCHEDULE_DELAY"] = "2000";
        settings["OTEL_BLRP_SCHEDULE_DELAY"] = "1000";
        settings["EdgeMesh:Export:TracesPerSecond"] = "10";
        settings["EdgeMesh:Export:AfterSeconds"] = "3";
    }
}
