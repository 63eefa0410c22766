using System.Text;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Provisioning;

/// <summary>What a site's sidecars are told by a Configuration resource, whichever engine runs them.</summary>
internal static class SidecarFile
{
    /// <summary>Its section <c>metrics</c>. By Dapr's default requests are counted by their whole paths: each record that anybody reads would
    /// stay in memory as series of its own, and its id would leave the site with them.</summary>
    public const string Metrics = """
        metrics:
            http:
              increasedCardinality: false
        """;

    /// <summary>Writes it for the embedded engine.</summary>
    /// <returns>The file.</returns>
    public static string Write(MeshPlace place, SiteDefinition site)
    {
        var file = Path.Combine(place.Data.Site(site.Name), "sidecar.yaml");
        PrivateFiles.Write(file, Encoding.UTF8.GetBytes($"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: {site.Name}
            spec:
              {Metrics}

            """));
        return file;
    }
}
