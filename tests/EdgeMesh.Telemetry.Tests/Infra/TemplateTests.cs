using System.Text.Json;
using EdgeMesh.Telemetry.Tests.Logs;

namespace EdgeMesh.Telemetry.Tests.Infra;

public sealed class TemplateTests
{
    [Fact]
    public void Files_OfInfra_AreAllJson() => Assert.All(
        Directory.EnumerateFiles(InfraFolder.Path, "*.json", SearchOption.AllDirectories), f => JsonDocument.Parse(File.ReadAllText(f)));

    [Fact]
    public void IndexTemplate_IsComposedOfThePartsThatAreThere()
    {
        using var template = JsonDocument.Parse(InfraFiles.Read(InfraFiles.IndexTemplate));

        Assert.All(template.RootElement.GetProperty("composed_of").EnumerateArray(),
            part => Assert.True(File.Exists(InfraFolder.File("elasticsearch", "component-templates", $"{part.GetString()}.json"))));
        Assert.True(template.RootElement.GetProperty("version").GetInt64() > 0);
    }

    [Fact]
    public void Shipper_OnElasticsearch_MayAddRecordsAndChangeOrDeleteNone()
    {
        using var role = JsonDocument.Parse(File.ReadAllText(InfraFolder.File("elasticsearch", "roles", "edgemesh-shipper.json")));
        var privileges = role.RootElement.GetProperty("indices")[0].GetProperty("privileges").EnumerateArray().Select(p => p.GetString());

        Assert.Equal(["auto_configure", "create_doc", "maintenance", "read"], privileges.Order(StringComparer.Ordinal));
        Assert.Equal(["monitor"], role.RootElement.GetProperty("cluster").EnumerateArray().Select(p => p.GetString()));
    }

    [Fact]
    public void Records_HoldOnlyFieldsThatAreMapped()
    {
        var fields = Mappings.Fields;
        var gap = GapRecord.Of(new Gap(Guid.NewGuid(), 1, 2, 3, 4, 5, 6), new EcsOrigin(new TelemetryIdentity("clinic-a", "records")));
        var names = JsonDocument.Parse(gap.Payload).RootElement.EnumerateObject().Select(p => p.Name)
            .Concat(EcsRecordTests.Everything.EnumerateObject().Where(p => p.Name != "labels").Select(p => p.Name));

        Assert.All(names, name => Assert.True(Mappings.Has(fields, name), $"{name} is not mapped"));
    }
}
