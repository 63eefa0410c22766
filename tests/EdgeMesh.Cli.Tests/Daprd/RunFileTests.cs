using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Tests.Commands;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Tests.Daprd;

public sealed class RunFileTests
{
    [Fact]
    public async Task RunFile_Core_IsTheDaprYamlOfTheHouse()
    {
        var result = await RunResult.OfAsync("run-file", "core", "--topology", Repository.Topology);

        Assert.Equal(0, result.Code);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "dapr.yaml"), TestContext.Current.CancellationToken), result.Output);
    }

    [Fact]
    public void Write_AnotherSite_HasItsPortsAndFolders()
    {
        var topology = TopologyReader.Read(Repository.Topology).Topology!;

        var text = RunFile.Write(topology, topology.FindSite("clinic-b")!);

        Assert.Contains("daprHTTPPort: 7311", text, StringComparison.Ordinal);
        Assert.Contains("EdgeMesh__DataDirectory: ../../.edgemesh/sites/clinic-b", text, StringComparison.Ordinal);
        Assert.DoesNotContain("7110", text, StringComparison.Ordinal);
    }
}
