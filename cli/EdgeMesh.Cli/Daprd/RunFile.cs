using System.Globalization;
using System.Text;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Sites;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Daprd;

/// <summary>Writes a site as the Dapr CLI's multi-app run file. Paths are relative to the repository, where the file belongs.</summary>
internal static class RunFile
{
    public static string Write(MeshTopology topology, SiteDefinition site)
    {
        var text = new StringBuilder();
        var line = (string s) => { text.Append(s).Append('\n'); };
        line($"# `{site.Name}` on real daprd sidecars: dapr run -f .   Written by `./edgemesh run-file {site.Name}` from {Path.GetFileName(topology.File)}.");
        line("# First: ./edgemesh keys (makes the site's keys and its files for daprd), and a RabbitMQ on its usual port.");
        if (ControlPlane.IsNeeded(site))
        {
            line("# Actors need Dapr's placement and scheduler: dapr init starts both; after dapr init --slim start them from ~/.dapr/bin.");
        }

        line("version: 1");
        line("common:");
        line($"  resourcesPaths: [.edgemesh/sites/{site.Name}/daprd]");
        line($"  configFilePath: .edgemesh/sites/{site.Name}/daprd.yaml");
        line("  env:");
        line($"    NAMESPACE: {site.Name}");
        line("apps:");
        foreach (var service in site.Services.Select(topology.Service))
        {
            WriteApp(topology, site, service, line);
        }

        return text.ToString();
    }

    private static void WriteApp(MeshTopology topology, SiteDefinition site, ServiceDefinition service, Action<string> line)
    {
        var folder = Path.GetDirectoryName(service.Project)!.Replace('\\', '/');
        var up = string.Concat(Enumerable.Repeat("../", folder.Split('/').Length));
        line($"  - appID: {service.Name}");
        line($"    appDirPath: {folder}");
        line($"    appPort: {Number(topology.AppPort(site, service.Name))}");
        line($"    daprHTTPPort: {Number(topology.SidecarHttpPort(site, service.Name))}");
        line($"    daprGRPCPort: {Number(topology.SidecarGrpcPort(site, service.Name))}");
        line($"    daprInternalGRPCPort: {Number(topology.SidecarInternalPort(site, service.Name))}");
        line($"    metricsPort: {Number(topology.SidecarMetricsPort(site, service.Name))}");
        line("    command: [dotnet, run, -c, Release, --no-launch-profile]");
        line("    env:");

        // Relative to the service's folder, where the Dapr CLI starts it; the Dapr endpoints and tokens are the CLI's to give.
        var place = new MeshPlace(topology, new(up + ".edgemesh"), string.Empty);
        foreach (var (key, value) in SiteSettings.For(place, site, service.Name).Where(s => !s.Key.StartsWith("DAPR_", StringComparison.Ordinal)))
        {
            line($"      {key.Replace(":", "__", StringComparison.Ordinal)}: {value}");
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
