using System.Text.Json;

namespace EdgeMesh.Cli.Tests.Commands;

public sealed class MonitoringCommandTests
{
    [Fact]
    public async Task ScrapeFile_OfTheTopology_NamesEveryServiceOfEverySiteOnce()
    {
        var result = await RunResult.OfAsync("scrape-file", "--topology", Repository.Topology);

        var targets = JsonDocument.Parse(result.Output).RootElement.EnumerateArray().ToList();
        Assert.Equal(0, result.Code);
        Assert.Contains(targets, t => t.GetProperty("labels").GetProperty("site").GetString() == "clinic-a" && t.GetProperty("labels").GetProperty("service").GetString() == "records");
        Assert.Equal(targets.Count, targets.Select(t => t.GetProperty("targets")[0].GetString()).Distinct().Count());
    }

    [Fact]
    public async Task RecordsPseudonym_OfAPatient_IsThatOfTheSitesKey()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-pseudonym-").FullName;
        try
        {
            await RunResult.OfAsync("keys", "--topology", Repository.Topology, "--data-dir", folder);
            var first = await RunResult.OfAsync("records", "pseudonym", "clinic-a-x1", "--site", "clinic-a", "--topology", Repository.Topology, "--data-dir", folder);
            var other = await RunResult.OfAsync("records", "pseudonym", "clinic-a-x1", "--site", "clinic-b", "--topology", Repository.Topology, "--data-dir", folder);
            var nobody = await RunResult.OfAsync("records", "pseudonym", "clinic-a-x1", "--site", "clinic-z", "--topology", Repository.Topology, "--data-dir", folder);

            Assert.Matches("^[0-9a-f]{32}$", first.Output.Trim());
            Assert.NotEqual(first.Output, other.Output);
            Assert.Equal(1, nobody.Code);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
