using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Tests.Topology;

public sealed class TopologyReaderTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Read_HouseFile_HasThreeSitesAllLinked()
    {
        var (topology, faults) = TopologyReader.Read(Repository.Topology);

        Assert.Empty(faults);
        Assert.NotNull(topology);
        Assert.Equal(["core", "clinic-a", "clinic-b"], topology.Sites.Select(s => s.Name));
        Assert.True(topology.Sites[0].IsCore);
        Assert.True(topology.AreLinked("clinic-b", "core"));
        Assert.True(topology.AreLinked("clinic-a", "clinic-b"));
        Assert.All(topology.AllPorts(), p => Assert.InRange(p.Port, 1024, PortPlan.Limit - 1));
        Assert.Distinct(topology.AllPorts().Select(p => p.Port));
    }

    [Fact]
    public void Read_HouseFile_ShiftsPortsBySite()
    {
        var topology = TopologyReader.Read(Repository.Topology).Topology!;
        var clinicB = topology.FindSite("clinic-b")!;

        Assert.Equal("https://127.0.0.1:7301/", topology.PublicUrl(clinicB).ToString());
        Assert.Equal(7320, topology.AppPort(clinicB, "records"));
        Assert.Equal(7321, topology.SidecarHttpPort(clinicB, "records"));
        Assert.Equal(7322, topology.SidecarGrpcPort(clinicB, "records"));
        Assert.Equal(7381, topology.RelayPort(clinicB, topology.FindSite("clinic-a")!));
    }

    [Fact]
    public void Read_PortShift_MovesEveryPort()
    {
        var topology = TopologyReader.Read(Repository.Topology).Topology!;

        var moved = topology with { PortShift = 1000 };

        Assert.Equal(topology.AllPorts().Select(p => p.Port + 1000), moved.AllPorts().Select(p => p.Port));
    }

    [Fact]
    public void Read_MissingFile_SaysWhereToGiveIt()
    {
        var fault = Assert.Single(TopologyReader.Read(folder.File("absent.yaml")).Faults);

        Assert.Contains("no such file", fault.Problem, StringComparison.Ordinal);
        Assert.Contains("--topology", fault.Mend, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("portOffset: 100", "portofset: 100", "extensions[1].sites[1].portofset", "unknown key")]
    [InlineData("name: clinic-b", "name: clinic-a", "extensions[1].sites[2].name", "two sites")]
    [InlineData("[core, clinic-b]", "[core, clinic-c]", "extensions[1].links[1].between", "no site 'clinic-c'")]
    [InlineData("[clinic-a, clinic-b]", "[core, clinic-b]", "extensions[1].links[2].between", "linked twice")]
    [InlineData("[clinic-a, clinic-b]", "[clinic-a]", "extensions[1].links[2].between", "two different sites")]
    [InlineData("portOffset: 200", "portOffset: 100", "extensions[1].sites", "is wanted by")]
    [InlineData("portOffset: 200", "portOffset: 30000", "extensions[1].sites", "not below 32768")]
    [InlineData("portOffset: 200", "portOffset: many", "extensions[1].sites[2].portOffset", "not a whole number")]
    [InlineData("protocol: http\n        port: 7130", "protocol: tcp\n        port: 7130", "services[2].bindings[0].protocol", "not served")]
    [InlineData("port: 7130", "port: 80", "services[2].bindings[0].port", "not a whole number")]
    [InlineData("        port: 7130\n", "", "services[2].bindings[0].port", "is missing")]
    [InlineData("- name: dapr", "- name: zipkin", "extensions[0].name", "not known")]
    [InlineData("role: core", "role: boss", "extensions[1].sites[0].role", "not a role")]
    [InlineData("        organization: org-core\n", "", "extensions[1].sites[0].organization", "is missing")]
    [InlineData("name: clinic-a\n", "name: Clinic A\n", "extensions[1].sites[1].name", "not a site's name")]
    [InlineData("relayPort: 7180\n", "\n", "extensions[1].relayPort", "is missing")]
    [InlineData("name: edgemesh\nservices:", "name: edgemesh\ningress: []\nservices:", "ingress", "unknown key")]
    public void Read_OneThingWrong_NamesFileLineAndKey(string right, string wrong, string key, string problem)
    {
        var text = File.ReadAllText(Repository.Topology);
        var at = text.IndexOf(right, StringComparison.Ordinal);
        Assert.True(at >= 0, $"tye.yaml has no '{right}'");
        var file = folder.File("tye.yaml");
        File.WriteAllText(file, text[..at] + wrong + text[(at + right.Length)..]);

        var (topology, faults) = TopologyReader.Read(file);

        Assert.Null(topology);
        var fault = Assert.Single(faults, f => f.Key == key && f.Problem.Contains(problem, StringComparison.Ordinal));
        Assert.Equal("tye.yaml", fault.File);
        Assert.InRange(fault.Line, 1, 100);
        Assert.NotEmpty(fault.Mend);
    }

    [Fact]
    public void Read_ServiceNobodyHas_IsNamed()
    {
        var file = folder.File("tye.yaml");
        File.WriteAllText(file, File.ReadAllText(Repository.Topology).Replace("services: [gateway, records, ledger, functions, monitor]", "services: [records, shop]", StringComparison.Ordinal));

        var faults = TopologyReader.Read(file).Faults;

        Assert.Equal(3, faults.Count(f => f.Problem.Contains("no service 'shop'", StringComparison.Ordinal)));
        Assert.Equal(3, faults.Count(f => f.Problem == "there is no gateway"));
    }

    [Theory]
    [InlineData("name: [")]
    [InlineData("- a\n- b")]
    [InlineData("")]
    [InlineData("name: a\nname: b")]
    public void Read_NotATopology_IsOneFaultWithALine(string text)
    {
        var file = folder.File("tye.yaml");
        File.WriteAllText(file, text);

        var (topology, faults) = TopologyReader.Read(file);

        Assert.Null(topology);
        Assert.NotEmpty(faults);
    }
}
