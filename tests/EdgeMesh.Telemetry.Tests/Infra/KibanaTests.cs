using System.Text.Json;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>A real Kibana is not at hand. What it checks on import is checked here: versions, names of references, JSON in strings.</summary>
public sealed class KibanaTests
{
    private static readonly Dictionary<string, string> Versions = new()
    {
        ["index-pattern"] = "8.0.0", ["search"] = "10.5.0", ["lens"] = "8.9.0", ["dashboard"] = "10.2.0",
    };

    [Fact]
    public void Objects_AreTheDataViewFourSearchesAndADashboardOfThem()
    {
        Assert.Equal(["dashboard", "index-pattern", "lens", "search"], SavedObject.All.Select(o => o.Type).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(4, SavedObject.All.Count(o => o.Type == "search"));
        Assert.Equal(SavedObject.All.Count, SavedObject.All.Select(o => (o.Type, o.Id)).Distinct().Count());
        Assert.Equal("logs-edgemesh-*", SavedObject.All.Single(o => o.Type == "index-pattern").Title);
    }

    [Fact]
    public void Objects_DeclareTheVersionsThatKibana89Takes() => Assert.All(SavedObject.All, o =>
    {
        Assert.Equal("8.8.0", o.Root.GetProperty("coreMigrationVersion").GetString());
        Assert.Equal(Versions[o.Type], o.Root.GetProperty("typeMigrationVersion").GetString());
    });

    [Fact]
    public void References_AreAllOfObjectsInThisFile() => Assert.All(
        SavedObject.All.SelectMany(o => o.References.Values), r => Assert.Contains(SavedObject.All, o => (o.Type, o.Id) == r));

    [Fact]
    public void Searches_NameTheirDataViewByReferenceAndTheirColumnsAreMapped()
    {
        var fields = Mappings.Fields;
        Assert.All(SavedObject.All.Where(o => o.Type == "search"), search =>
        {
            var source = search.Inner("kibanaSavedObjectMeta", "searchSourceJSON");
            Assert.Equal("index-pattern", search.References[source.GetProperty("indexRefName").GetString()!].Type);
            Assert.Equal("lucene", source.GetProperty("query").GetProperty("language").GetString());
            Assert.All(search.Attributes.GetProperty("columns").EnumerateArray(), c => Assert.True(Mappings.Has(fields, c.GetString()!), $"{search.Title}: no field {c}"));
        });
    }

    [Fact]
    public void Charts_NameTheirDataViewByReferenceAndTheirFieldsAreMapped()
    {
        var fields = Mappings.Fields;
        Assert.All(SavedObject.All.Where(o => o.Type == "lens"), lens =>
        {
            var layers = lens.Attributes.GetProperty("state").GetProperty("datasourceStates").GetProperty("formBased").GetProperty("layers");
            foreach (var layer in layers.EnumerateObject())
            {
                Assert.Equal("index-pattern", lens.References[$"indexpattern-datasource-layer-{layer.Name}"].Type);
                var columns = layer.Value.GetProperty("columns");
                Assert.Equal(columns.EnumerateObject().Select(c => c.Name).Order(StringComparer.Ordinal), layer.Value.GetProperty("columnOrder").EnumerateArray().Select(c => c.GetString()!).Order(StringComparer.Ordinal));
                var sources = columns.EnumerateObject().Select(c => c.Value.GetProperty("sourceField").GetString()!).Where(f => f != "___records___");
                Assert.All(sources, field => Assert.True(Mappings.Has(fields, field), $"{lens.Title}: no field {field}"));
            }

            Assert.Contains("\"layerId\":\"layer\"", lens.Attributes.GetProperty("state").GetProperty("visualization").GetRawText(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Dashboard_PanelsLieOnTheGridWithoutOverlapAndEachIsThere()
    {
        var dashboard = SavedObject.All.Single(o => o.Type == "dashboard");
        var panels = dashboard.Inner("panelsJSON").EnumerateArray().ToList();
        var cells = new HashSet<(int, int)>();
        foreach (var panel in panels)
        {
            var index = panel.GetProperty("panelIndex").GetString()!;
            var (x, y, w, h) = (Grid(panel, "x"), Grid(panel, "y"), Grid(panel, "w"), Grid(panel, "h"));
            Assert.Equal(panel.GetProperty("type").GetString(), dashboard.References[$"{index}:{panel.GetProperty("panelRefName").GetString()}"].Type);
            Assert.Equal(index, panel.GetProperty("gridData").GetProperty("i").GetString());
            Assert.InRange(x + w, 1, 48);
            Assert.All(Enumerable.Range(0, w * h), n => Assert.True(cells.Add((x + (n % w), y + (n / w))), $"panel {index} overlaps"));
        }

        Assert.Equal(dashboard.References.Count, panels.Count);
        Assert.Equal(JsonValueKind.Object, dashboard.Inner("optionsJSON").ValueKind);
        Assert.Equal(JsonValueKind.Object, dashboard.Inner("kibanaSavedObjectMeta", "searchSourceJSON").ValueKind);
    }

    private static int Grid(JsonElement panel, string name) => panel.GetProperty("gridData").GetProperty(name).GetInt32();
}
