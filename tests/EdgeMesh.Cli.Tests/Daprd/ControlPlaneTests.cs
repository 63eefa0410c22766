using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Tests.Daprd;

public sealed class ControlPlaneTests
{
    private static readonly MeshTopology Mesh = TopologyReader.Read(Repository.Topology).Topology!;

    [Theory]
    [InlineData("core", "functions", true)]
    [InlineData("core", "monitor", true)]
    [InlineData("clinic-a", "functions", true)]
    [InlineData("clinic-a", "monitor", false)]
    [InlineData("core", "records", false)]
    public void HostsActors_Service_IsTheFunctionsAnywhereAndACoresMonitor(string site, string service, bool hosts) =>
        Assert.Equal(hosts, ControlPlane.HostsActors(Mesh.FindSite(site)!, service));

    [Fact]
    public void AllPorts_OfTheHousesTopologyWithDaprd_AreEachWantedOnce()
    {
        var ports = Mesh.AllPorts().ToArray();

        Assert.Equal(Mesh.Sites.Length, ports.Where(p => p.User == "scheduler").Select(p => p.Site).Distinct().Count());
        Assert.Empty(ports.GroupBy(p => p.Port).Where(g => g.Count() > 1).Select(g => string.Join(", ", g)));
    }
}
