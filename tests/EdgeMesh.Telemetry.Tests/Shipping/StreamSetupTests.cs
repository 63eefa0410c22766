using System.Text;

namespace EdgeMesh.Telemetry.Tests.Shipping;

public sealed class StreamSetupTests : IDisposable
{
    private static readonly (string, string)[] OnElasticsearch =
    [
        ("_ilm/policy/edgemesh-logs", "elasticsearch/ilm/edgemesh-logs.json"),
        ("_component_template/edgemesh-logs-mappings", "elasticsearch/component-templates/edgemesh-logs-mappings.json"),
        ("_component_template/edgemesh-logs-settings", "elasticsearch/component-templates/edgemesh-logs-settings.json"),
        ("_index_template/edgemesh-logs", InfraFiles.IndexTemplate),
    ];

    private static readonly (string, string)[] OnOpenSearch =
    [
        ("_plugins/_ism/policies/edgemesh-logs", "opensearch/ism/edgemesh-logs.json"),
        ("_component_template/edgemesh-logs-mappings", "elasticsearch/component-templates/edgemesh-logs-mappings.json"),
        ("_component_template/edgemesh-logs-settings", "opensearch/component-templates/edgemesh-logs-settings.json"),
        ("_index_template/edgemesh-logs", InfraFiles.IndexTemplate),
    ];

    private readonly ShippingSite _site = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_AFreshIndex_GetsThePolicyAndTheTemplatesOfItsKind(bool openSearch)
    {
        _site.Index.IsOpenSearch = openSearch;
        _site.Start();
        await _site.LogAsync(0, 1);
        await _site.DrainAsync();

        var put = _site.Index.Seen.Where(r => r.Method == "PUT").Select(r => (r.Path, Encoding.UTF8.GetString(r.Body)));
        Assert.Equal((openSearch ? OnOpenSearch : OnElasticsearch).Select(p => (p.Item1, Encoding.UTF8.GetString(InfraFiles.Read(p.Item2)))), put);
    }

    [Fact]
    public async Task Run_TheTemplatesAreThere_PutsNothing()
    {
        _site.Start();
        await _site.LogAsync(0, 1);
        await _site.DrainAsync();
        _site.Stop();
        var before = _site.Index.Seen.Count(r => r.Method == "PUT");

        _site.Start();
        await _site.LogAsync(1, 1);
        await _site.DrainAsync();

        Assert.Equal(before, _site.Index.Seen.Count(r => r.Method == "PUT"));
    }

    public void Dispose() => _site.Dispose();
}
