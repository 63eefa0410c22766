using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>Nobody runs the compose file here: that its parts fit together is what can be known.</summary>
public sealed partial class ComposeTests
{
    private static readonly YamlMappingNode Compose = InfraYaml.Load("compose.yaml");

    /// <summary>What a service sees under a path of its own: that path, and the one below infra/.</summary>
    private static List<(string Service, string Here, string There)> Mounts =>
    [
        .. from service in Compose.Map("services").Names()
           from volume in Compose.Map("services").Map(service).Texts("volumes")
           let parts = volume.Split(':')
           where parts[0].StartsWith("./", StringComparison.Ordinal)
           select (service, parts[0][2..], parts[1]),
    ];

    [Fact]
    public void Variables_AreThoseOfTheExample()
    {
        var asked = Variable.Matches(File.ReadAllText(InfraFolder.File("compose.yaml"))).Select(v => v.Groups["name"].Value).Distinct();
        var given = File.ReadAllLines(InfraFolder.File(".env.example")).Where(l => !l.StartsWith('#') && l.Contains('=', StringComparison.Ordinal)).Select(l => l.Split('=')[0]);

        Assert.Equal(given.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Mounts_AreOfPathsThatAreThereAndOfVolumesThatAreDeclared()
    {
        Assert.NotEmpty(Mounts);
        Assert.All(Mounts, m => Assert.True(Path.Exists(InfraFolder.File(m.Here)), $"{m.Service} mounts {m.Here}, which is not there"));
        var named = Compose.Map("services").Names().SelectMany(s => Compose.Map("services").Map(s).Texts("volumes")).Select(v => v.Split(':')[0]).Where(v => v[0] is not ('.' or '/'));
        Assert.Equal(Compose.Map("volumes").Names().Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Commands_NameFilesThatAreMounted()
    {
        var named = (from service in Compose.Map("services").Names()
                     from argument in Compose.Map("services").Map(service).Texts("command").Concat(Compose.Map("services").Map(service).Texts("entrypoint"))
                     let path = argument.StartsWith("--config", StringComparison.Ordinal) ? argument.Split('=')[1] : argument
                     where path.StartsWith('/') && Path.HasExtension(path)
                     select (service, path)).ToList();

        Assert.Equal(3, named.Count);
        Assert.All(named, n =>
        {
            var mount = Mounts.Single(m => m.Service == n.service && n.path.StartsWith(m.There + "/", StringComparison.Ordinal));
            Assert.True(File.Exists(InfraFolder.File(mount.Here, n.path[(mount.There.Length + 1)..])), $"{n.service} reads {n.path}, which is not there");
        });
    }

    [Fact]
    public void Services_DependOnServicesThatAreThere() => Assert.All(
        Compose.Map("services").Names().SelectMany(s => Compose.Map("services").Map(s).Texts("depends_on")), d => Assert.Contains(d, Compose.Map("services").Names()));

    [Fact]
    public void Setup_InstallsFilesThatAreThere()
    {
        var text = File.ReadAllText(InfraFolder.File("setup.sh"));
        var roles = Roles.Match(text).Groups["names"].Value.Split(' ');
        var files = Installed.Matches(text).Select(m => m.Value).SelectMany(f => f.Contains("$role", StringComparison.Ordinal) ? roles.Select(r => f.Replace("$role", r, StringComparison.Ordinal)) : [f]).ToList();

        Assert.Contains("kibana/edgemesh.ndjson", files);
        Assert.Contains("elasticsearch/roles/edgemesh-shipper.json", files);
        Assert.All(files, file => Assert.True(File.Exists(InfraFolder.File(file)), $"setup.sh installs {file}, which is not there"));
    }

    [Fact]
    public void Logstash_WritesAsAUserThatSetupMakesWithTheRightsOfASite()
    {
        var setup = File.ReadAllText(InfraFolder.File("setup.sh"));
        var pipeline = File.ReadAllText(InfraFolder.File("logstash", "pipeline", "edgemesh.conf"));

        Assert.Contains("user => \"edgemesh-logstash\"", pipeline, StringComparison.Ordinal);
        Assert.Contains("_security/user/edgemesh-logstash", setup, StringComparison.Ordinal);
        Assert.Contains("\"roles\":[\"edgemesh-shipper\"]", setup, StringComparison.Ordinal);
        Assert.Contains("${LOGSTASH_PASSWORD}", pipeline, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?<!\$)\$\{(?<name>\w+)[^}]*\}")]
    private static partial Regex Variable { get; }

    [GeneratedRegex(@"(elasticsearch|kibana)/[\w/$-]+\.(json|ndjson)")]
    private static partial Regex Installed { get; }

    [GeneratedRegex(@"for role in (?<names>[^;]+);")]
    private static partial Regex Roles { get; }
}
