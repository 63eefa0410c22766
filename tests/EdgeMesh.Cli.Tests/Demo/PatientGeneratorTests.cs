using System.Text.Json.Nodes;
using EdgeMesh.Cli.Demo.Patients;
using EdgeMesh.Cli.Loading;

namespace EdgeMesh.Cli.Tests.Demo;

public sealed class PatientGeneratorTests
{
    [Fact]
    public void Next_SameSeed_SameBytes() =>
        Assert.Equal(Texts(seed: 3, count: 5), Texts(seed: 3, count: 5));

    [Fact]
    public void Next_EveryReference_IsToAnEntryOfTheBundle()
    {
        var bundle = new PatientGenerator(1).Next(0);

        var urns = bundle["entry"]!.AsArray().Select(e => e!["fullUrl"]!.ToString()).ToHashSet();
        var references = References(bundle).ToList();
        Assert.NotEmpty(references);
        Assert.All(references, r => Assert.Contains(r, urns));
        Assert.Equal(urns.Count, bundle["entry"]!.AsArray().Count);
    }

    [Fact]
    public void Next_IsABundleThatTheLoaderTakes()
    {
        var (bundle, fault) = BundleRewriter.Read(System.Text.Encoding.UTF8.GetBytes(new PatientGenerator(1).Next(0).ToJsonString()));

        Assert.Null(fault);
        Assert.Equal(2, bundle!["entry"]!.AsArray().Count(e => e!["request"]!["ifNoneExist"] is not null));
    }

    private static List<string> Texts(int seed, int count)
    {
        var generator = new PatientGenerator(seed);
        return [.. Enumerable.Range(0, count).Select(n => generator.Next(n).ToJsonString())];
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(p => p.Key == "reference" ? [p.Value!.ToString()] : References(p.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };
}
