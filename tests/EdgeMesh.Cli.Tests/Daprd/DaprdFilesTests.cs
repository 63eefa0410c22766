using System.Text;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Tests.Daprd;

public sealed class DaprdFilesTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("state.sqlite", "connectionString", "heads.db", "/site/heads.db")]
    [InlineData("state.sqlite", "connectionString", "/elsewhere/heads.db", "/elsewhere/heads.db")]
    [InlineData("state.sqlite", "connectionString", "file:x.db?mode=ro", "file:x.db?mode=ro")]
    [InlineData("secretstores.local.file", "secretsFile", "secrets.json", "/site/secrets.json")]
    [InlineData("pubsub.rabbitmq", "connectionString", "amqp://guest:guest@127.0.0.1:5672", "amqp://guest:guest@127.0.0.1:5672")]
    public void Rooted_RelativeFile_IsBelowTheSite(string type, string field, string value, string expected)
    {
        var yaml = Encoding.UTF8.GetString(DaprdFiles.Rooted($"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: x
            spec:
              type: {type}
              version: v1
              metadata:
                - name: {field}
                  value: "{value}"
                - name: other
                  value: heads.db
            """, "/site"));

        Assert.Contains($"value: \"{expected}\"", yaml, StringComparison.Ordinal);
        Assert.Contains("value: heads.db", yaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_HouseComponents_CopiesThemAllAndNamesTheSite()
    {
        var place = TestMesh.In(folder).On(MeshPlace.Daprd, null);
        MeshProvisioner.Provision(place);

        DaprdFiles.Write(place, place.Topology.Sites[1]);

        var resources = DaprdFiles.Resources(place, place.Topology.Sites[1]);
        Assert.Equal(["actors.yaml", "bodies.yaml", "events.yaml", "heads.yaml", "secrets.yaml", "wan.yaml"], Directory.GetFiles(resources).Select(Path.GetFileName).Order());
        Assert.Contains(place.Data.Secrets("clinic-a"), File.ReadAllText(Path.Combine(resources, "secrets.yaml")), StringComparison.Ordinal);
        Assert.Contains("cleanupInterval: \"-1s\"", File.ReadAllText(DaprdFiles.Configuration(place, place.Topology.Sites[1])), StringComparison.Ordinal);
    }

    /// <summary>A sidecar tells of whole paths, with the ids of records: the monitor cuts them before it keeps anything, another exporter would not.</summary>
    [Fact]
    public void Write_Sidecars_SendTheirSpansToTheSitesMonitorAlone()
    {
        var place = TestMesh.In(folder).On(MeshPlace.Daprd, null);
        MeshProvisioner.Provision(place);
        var site = place.Topology.Sites[1];
        DaprdFiles.Write(place, site);

        var (real, embedded) = (File.ReadAllText(DaprdFiles.Configuration(place, site)), File.ReadAllText(SidecarFile.Write(place, site)));

        Assert.Contains($"endpointAddress: \"127.0.0.1:{place.Topology.Binding(site, "monitor", "otlp-http")}\"", real, StringComparison.Ordinal);
        Assert.Single(real.Split('\n'), line => line.Contains("endpointAddress", StringComparison.Ordinal));
        Assert.All(["zipkin", "stdout"], exporter => Assert.DoesNotContain(exporter, real, StringComparison.Ordinal));
        Assert.DoesNotContain("tracing", embedded, StringComparison.Ordinal);
    }
}
