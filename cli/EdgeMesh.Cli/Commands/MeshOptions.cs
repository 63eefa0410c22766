using System.CommandLine;
using System.CommandLine.Parsing;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Topology;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Cli.Commands;

/// <summary>The options that every command takes: which topology, which data folder, which ports.</summary>
internal sealed class MeshOptions
{
    public Option<string?> TopologyFile { get; } = new("--topology")
    {
        Description = "The topology; default: tye.yaml of the repository", HelpName = "FILE", Recursive = true,
    };

    public Option<string?> DataDirectory { get; } = new("--data-dir")
    {
        Description = "Where keys and records live; default: .edgemesh beside the topology", HelpName = "DIR", Recursive = true,
    };

    public Option<int> PortShift { get; } = new("--port-shift")
    {
        Description = "Added to every port, so that several meshes fit on one machine", HelpName = "N", Recursive = true,
    };

    public void AddTo(Command root)
    {
        PortShift.Validators.Add(Refuse);
        root.Add(TopologyFile);
        root.Add(DataDirectory);
        root.Add(PortShift);
    }

    /// <summary>The mesh that the options mean; or null, with every fault of the topology told.</summary>
    public MeshPlace? Read(ParseResult parse, Screen screen)
    {
        var file = parse.GetValue(TopologyFile) ?? FindTopology();
        var (topology, faults) = TopologyReader.Read(file);
        if (topology is null)
        {
            screen.Fail($"{file} has {faults.Length} fault{(faults.Length == 1 ? "" : "s")}:", string.Join("\n  ", faults));
            return null;
        }

        topology = topology with { PortShift = parse.GetValue(PortShift) };
        var highest = topology.AllPorts().Max(p => p.Port);
        if (highest >= PortPlan.Limit)
        {
            screen.Fail($"--port-shift {topology.PortShift} would need port {highest}, and ports must stay below {PortPlan.Limit}.", "Use a smaller shift.");
            return null;
        }

        var data = new DataFolder(Path.GetFullPath(parse.GetValue(DataDirectory) ?? Path.Combine(topology.Directory, ".edgemesh")));
        return new(topology, data, Path.Combine(topology.Directory, "components", "embedded"));
    }

    private static void Refuse(OptionResult result)
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var shift) && shift < 0)
        {
            result.AddError("--port-shift must be 0 or more.");
        }
    }

    /// <summary>The nearest tye.yaml from the current folder upward, else the one of the checkout that the launcher belongs to.</summary>
    private static string FindTopology()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "tye.yaml")))
            {
                return Path.Combine(folder.FullName, "tye.yaml");
            }
        }

        var root = new ConfigurationBuilder().AddEnvironmentVariables("EDGEMESH_").Build()["ROOT"];
        return Path.Combine(root ?? Directory.GetCurrentDirectory(), "tye.yaml");
    }
}

/// <summary>A mesh on this machine: what it is made of and where it keeps its data.</summary>
/// <param name="Components">The folder of Dapr component YAML.</param>
/// <param name="Engine">What serves the Dapr API: <c>embedded</c> or <c>daprd</c>.</param>
internal sealed record MeshPlace(MeshTopology Topology, DataFolder Data, string Components, string Engine = MeshPlace.Embedded)
{
    public const string Embedded = "embedded";
    public const string Daprd = "daprd";

    /// <summary>The same place on an engine, with the components that it uses unless another folder is named.</summary>
    public MeshPlace On(string engine, string? components) => this with
    {
        Engine = engine,
        Components = components is null ? ComponentsOf(engine == Daprd ? "rabbitmq" : "embedded")
            // A name, such as kafka, is a folder of the house's own.
            : !Path.Exists(components) && ComponentsOf(Path.GetFileName(components)) is var own && Path.Exists(own) ? own
            : components,
    };

    private string ComponentsOf(string environment) => Path.Combine(Topology.Directory, "components", environment);

    /// <summary>Every port that this mesh listens on.</summary>
    public IEnumerable<PortUse> Ports => Topology.AllPorts().Where(p => Engine == Daprd || !p.OnlyDaprd);
}
