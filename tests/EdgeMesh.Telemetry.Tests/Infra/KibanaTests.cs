using System.Text.Json;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>A real Kibana is not at hand. What it checks on import is checked here: versions, names of references, JSON in strings.</summary>
public sealed class KibanaTests
{
    private static readonly Version Oldest = new(8, 9, 0);

    /// <summary>What Kibana 8.9 takes of the types whose attributes it checks; it refuses an object with one more.</summary>
    private static readonly Dictionary<string, string[]> Attributes = new()
    {
        ["search"] =
        [
            "title", "description", "columns", "sort", "grid", "rowHeight", "rowsPerPage", "hideChart", "breakdownField", "kibanaSavedObjectMeta", "isTextBasedQuery",
            "usesAdHocDataView", "timeRestore", "timeRange", "refreshInterval", "viewMode", "hideAggregatedPreview", "hits", "version",
        ],
        ["dashboard"] =
        [
            "title", "description", "kibanaSavedObjectMeta", "timeRestore", "timeFrom", "timeTo", "refreshInterval", "controlGroupInput", "panelsJSON", "optionsJSON", "hits", "version",
        ],
    };

    [Fact]
    public void Objects_AreTheDataViewFourSearchesAndADashboardOfThem()
    {
        Assert.Equal(["dashboard", "index-pattern", "lens", "search"], SavedObject.All.Select(o => o.Type).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(4, SavedObject.All.Count(o => o.Type == "search"));
        Assert.Equal(SavedObject.All.Count, SavedObject.All.Select(o => (o.Type, o.Id)).Distinct().Count());
        Assert.Equal("logs-edgemesh-*", SavedObject.All.Single(o => o.Type == "index-pattern").Title);
    }

    /// <summary>Model versions, 10.N.0, came with 8.10: whoever does not know one refuses the object. Below 8.9 a chart would be taken for one of
    /// an older form, and brought up to date by steps that it cannot pass.</summary>
    [Fact]
    public void Objects_DeclareNoVersionThatKibana89DoesNotKnow() => Assert.All(SavedObject.All, o =>
    {
        Assert.InRange(VersionOf(o, "coreMigrationVersion"), new Version(8, 8, 0), Oldest);
        Assert.InRange(VersionOf(o, "typeMigrationVersion"), o.Type == "lens" ? Oldest : new Version(8, 0, 0), Oldest);
    });

    [Fact]
    public void Objects_HoldOnlyWhatKibana89Takes()
    {
        string[] roots = ["id", "type", "attributes", "references", "managed", "coreMigrationVersion", "typeMigrationVersion"];
        Assert.All(SavedObject.All, o => Assert.Empty(Names(o.Root).Except(roots)));
        Assert.All(SavedObject.All.Where(o => Attributes.ContainsKey(o.Type)), o => Assert.Empty(Names(o.Attributes).Except(Attributes[o.Type])));
    }

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

    private static Version VersionOf(SavedObject saved, string name) => Version.Parse(saved.Root.GetProperty(name).GetString()!);

    private static IEnumerable<string> Names(JsonElement of) => of.EnumerateObject().Select(p => p.Name);

    private static int Grid(JsonElement panel, string name) => panel.GetProperty("gridData").GetProperty(name).GetInt32();
}
