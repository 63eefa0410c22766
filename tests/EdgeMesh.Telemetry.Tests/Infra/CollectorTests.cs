using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>The collector and Logstash are not run here; what they would refuse at their start is looked for.</summary>
public sealed partial class CollectorTests
{
    private static readonly YamlMappingNode Collector = InfraYaml.Load("collector", "config.yaml");

    [Theory]
    [InlineData("receivers")]
    [InlineData("processors")]
    [InlineData("exporters")]
    public void Pipelines_UseAllThatIsDefinedAndNothingElse(string kind)
    {
        var pipelines = Collector.Map("service").Map("pipelines");
        var used = pipelines.Names().SelectMany(p => pipelines.Map(p).Texts(kind)).Distinct();

        Assert.Equal(Collector.Map(kind).Names().Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Extensions_AreStartedAndWhatStoresInThemNamesThem()
    {
        Assert.Equal(Collector.Map("extensions").Names(), Collector.Map("service").Texts("extensions"));
        Assert.Contains(Collector.Map("exporters").Map("otlphttp").Map("sending_queue").Texts("storage").Single(), Collector.Map("extensions").Names());
    }

    [Theory]
    [InlineData("collector", "collector/config.yaml")]
    [InlineData("logstash", "logstash/pipeline/edgemesh.conf")]
    public void Variables_AreGivenByTheComposeFile(string service, string file)
    {
        var asked = Variable.Matches(File.ReadAllText(InfraFolder.File(file))).Select(v => v.Groups["name"].Value).Distinct().ToList();

        Assert.NotEmpty(asked);
        Assert.Subset(InfraYaml.Load("compose.yaml").Map("services").Map(service).Map("environment").Names().ToHashSet(), asked.ToHashSet());
    }

    [Fact]
    public void Logstash_BlocksAreBalancedAndTheThreeThatThereAre()
    {
        var text = NotStructure.Replace(File.ReadAllText(InfraFolder.File("logstash", "pipeline", "edgemesh.conf")), "_");
        var (open, blocks) = (new Stack<char>(), new List<string>());
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] is '{' or '[')
            {
                if (open.Count == 0)
                {
                    blocks.Add(text[..at].Split('}')[^1].Trim());
                }

                open.Push(text[at]);
            }
            else if (text[at] is '}' or ']')
            {
                Assert.True(open.TryPop(out var begun) && (begun, text[at]) is ('{', '}') or ('[', ']'), $"'{text[at]}' ends nothing after: {text[Math.Max(0, at - 80)..at]}");
            }
        }

        Assert.Empty(open);
        Assert.Equal(["input", "filter", "output"], blocks.Select(b => b.Split('_')[^1].Trim()));
    }

    [GeneratedRegex(@"\$\{(env:)?(?<name>\w+)\}")]
    private static partial Regex Variable { get; }

    /// <summary>Texts, comments, and patterns behind <c>=~</c>.</summary>
    [GeneratedRegex(@"""(\\.|[^""\\])*""|\#.*|(?<=~ )/(\\.|[^/\\])+/")]
    private static partial Regex NotStructure { get; }
}
