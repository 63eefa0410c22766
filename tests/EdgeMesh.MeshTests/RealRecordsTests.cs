using System.Text.Json;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests;

/// <summary>Patients that another project's generator made, in <c>fhir/synthea</c> of the folder <c>EDGEMESH_DATA</c>, into a running site.</summary>
[Trait("Category", "Engines")]
public sealed class RealRecordsTests(RunningMesh mesh) : IClassFixture<RunningMesh>
{
    [Fact]
    public async Task RecordsLoad_Twice_TakesEveryBundleAndDoublesNoPractitioner()
    {
        var data = Environment.GetEnvironmentVariable("EDGEMESH_DATA");
        Assert.True(data is not null && Directory.Exists(data), "EDGEMESH_DATA must name the folder with fhir/synthea.");
        var folder = Path.Combine(data, "fhir", "synthea");
        var bundles = Directory.GetFiles(folder, "*.json").Length;

        var first = await LoadAsync(folder);
        var practitioners = await PractitionersAsync();
        var second = await LoadAsync(folder);

        Assert.Equal((bundles, bundles), (first.GetProperty("bundles").GetInt32(), second.GetProperty("bundles").GetInt32()));
        Assert.Equal(first.GetProperty("resources").GetInt32(), first.GetProperty("created").GetInt32() + first.GetProperty("existing").GetInt32());
        Assert.True(practitioners > 0);
        Assert.Equal(practitioners, await PractitionersAsync());
    }

    private async Task<JsonElement> LoadAsync(string folder)
    {
        var result = await mesh.RunAsync("records", "load", folder, "--site", "clinic-a", "--json");
        Assert.True(result.ExitCode == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output.Trim().Split('\n')[^1]);
        var outcome = json.RootElement.Clone();
        Assert.Equal(0, outcome.GetProperty("failed").GetArrayLength());
        return outcome;
    }

    private async Task<int> PractitionersAsync()
    {
        using var client = await mesh.PractitionerAsync();
        using var found = JsonDocument.Parse(await client.GetStringAsync("/fhir/Practitioner?_count=1", TestContext.Current.CancellationToken));
        return found.RootElement.GetProperty("total").GetInt32();
    }
}
