using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Tests;

/// <summary>The house's topology on a data folder of the test's own.</summary>
internal static class TestMesh
{
    public static MeshPlace In(TemporaryFolder folder) =>
        new(TopologyReader.Read(Repository.Topology).Topology!, new(folder.File("data")), Path.Combine(Repository.Root, "components", "embedded"));
}
