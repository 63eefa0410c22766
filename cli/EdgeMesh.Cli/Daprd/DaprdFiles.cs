using System.Globalization;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Services.Monitor;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Cli.Daprd;

/// <summary>A site's files for daprd, below its data folder: the components with their files' whole paths (daprd's working folder is
/// its launcher's to choose), and the configuration.</summary>
internal static class DaprdFiles
{
    public static string Resources(MeshPlace place, SiteDefinition site) => Path.Combine(place.Data.Site(site.Name), "daprd");

    public static string Configuration(MeshPlace place, SiteDefinition site) => Path.Combine(place.Data.Site(site.Name), "daprd.yaml");

    /// <summary>Where the site's sentry keeps its certificate authority.</summary>
    public static string Credentials(MeshPlace place, SiteDefinition site) => Path.Combine(place.Data.Site(site.Name), "sentry");

    public static void Write(MeshPlace place, SiteDefinition site)
    {
        var resources = Resources(place, site);
        PrivateFiles.CreateFolder(resources);
        PrivateFiles.CreateFolder(Credentials(place, site));
        foreach (var old in Directory.EnumerateFiles(resources))
        {
            File.Delete(old);
        }

        foreach (var file in Directory.EnumerateFiles(place.Components, "*.yaml"))
        {
            PrivateFiles.Write(Path.Combine(resources, Path.GetFileName(file)), Rooted(File.ReadAllText(file), place.Data.Site(site.Name)));
        }

        // cleanupInterval: by its default daprd deletes live rows after an hour, and every sidecar exits.
        PrivateFiles.Write(Configuration(place, site), System.Text.Encoding.UTF8.GetBytes($"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: {site.Name}
            spec:
              nameResolution:
                component: sqlite
                version: v1
                configuration:
                  connectionString: {Path.Combine(place.Data.Site(site.Name), "names.db")}
                  cleanupInterval: "-1s"
                  updateInterval: "30s"
              {SidecarFile.Metrics}
            {Tracing(place, site)}
            """));
    }

    /// <summary>A trace that a service began to take goes on through its sidecar, which sends its spans to the site's monitor. Of others the sidecar
    /// takes next to none: at 0 it would pass over all.</summary>
    private static string Tracing(MeshPlace place, SiteDefinition site) => !site.Services.Contains(MonitorApp.AppId) ? "" : $"""
          tracing:
            samplingRate: "0.000001"
            otel:
              endpointAddress: "127.0.0.1:{place.Topology.Binding(site, MonitorApp.AppId, "otlp-http").ToString(CultureInfo.InvariantCulture)}"
              isSecure: false
              protocol: http

        """;

    /// <summary>The component with relative file names made whole.</summary>
    internal static byte[] Rooted(string yaml, string folder)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        foreach (var item in stream.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>().SelectMany(FileItems))
        {
            if (item.Children["value"] is YamlScalarNode { Value: { Length: > 0 } value } scalar && !Path.IsPathRooted(value) && !value.StartsWith("file:", StringComparison.Ordinal) && value != ":memory:")
            {
                scalar.Value = Path.Combine(folder, value);
            }
        }

        using var text = new StringWriter { NewLine = "\n" };
        stream.Save(text, assignAnchors: false);
        return System.Text.Encoding.UTF8.GetBytes(text.ToString());
    }

    private static IEnumerable<YamlMappingNode> FileItems(YamlMappingNode component)
    {
        if (!component.Children.TryGetValue("spec", out var spec) || spec is not YamlMappingNode map
            || !map.Children.TryGetValue("metadata", out var metadata) || metadata is not YamlSequenceNode items)
        {
            return [];
        }

        var file = map.Children["type"].ToString() switch
        {
            "state.sqlite" => "connectionString",
            "secretstores.local.file" => "secretsFile",
            _ => null,
        };
        return items.OfType<YamlMappingNode>().Where(i => file is not null && i.Children["name"].ToString() == file && i.Children.ContainsKey("value"));
    }
}
