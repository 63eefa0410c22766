using System.Text;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Records.Tests;

public sealed class RestartTests(RecordsHost host) : IClassFixture<RecordsHost>
{
    private string Index => Path.Combine(host.Host.DataDirectory, "records", "search.db");

    [Fact]
    public async Task Restart_WithAndWithoutItsIndex_AnswersAsBefore()
    {
        var client = host.Client;
        var id = (await client.PostAsync("fhir/Patient", Samples.Patient("Quartermaine", "Zebulon", "restart-1"))).Id;
        for (var i = 0; i < 5; i++)
        {
            await client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}", $"2021-0{i + 1}-11", label: i == 0 ? "PSY" : null));
        }

        var gone = (await client.PostAsync("fhir/Patient", Samples.Patient(identifier: "restart-2"))).Id;
        await client.DeleteAsync($"fhir/Patient/{gone}");
        var first = await client.GetAsync($"fhir/Observation?patient={id}&_count=2&date=ge2021");

        await RestartAsync(deleteIndex: false);
        Assert.Equal(5, first.Entries.Count + (await host.Client.PagesAsync(first.Next!)).Count);
        await RestartAsync(deleteIndex: true);

        // A rebuilt index numbers its rows as before, so even a cursor made earlier still works.
        Assert.Equal(5, first.Entries.Count + (await host.Client.PagesAsync(first.Next!)).Count);
        Assert.Equal(1, (await host.Client.GetAsync("fhir/Patient?name=quarter&identifier=restart-1")).Total);
        Assert.Equal(410, (await host.Client.GetAsync($"fhir/Patient/{gone}")).Status);
        Assert.Equal(0, (await host.Client.GetAsync("fhir/Patient?identifier=restart-2")).Total);
        Assert.Equal(201, (await host.Client.PostAsync("fhir/Patient", Samples.Patient())).Status);
    }

    [Fact]
    public async Task Index_OnDisk_HoldsNothingPersonal()
    {
        await host.Client.PostAsync("fhir/Patient", Samples.Patient("Featherstonehaugh", "Cholmondeley", "secret-identifier-4711"));
        var id = (await host.Client.GetAsync("fhir/Patient?identifier=secret-identifier-4711")).Resources[0]["id"]!.ToString();
        await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}", "1999-12-31", "11111-1"));
        await host.Host.StopAppAsync(RecordsApp.AppId);
        var text = new StringBuilder();
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(Index)!))
        {
            text.Append(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken)));
        }

        await host.Host.StartAppAsync(RecordsApp.AppId, TestContext.Current.CancellationToken);
        await ReadyAsync();
        foreach (var secret in (string[])["eatherston", "holmondele", "4711", "1999-12-31", "11111-1", "vital-signs", "1974"])
        {
            Assert.DoesNotContain(secret, text.ToString(), StringComparison.OrdinalIgnoreCase);
        }
    }

    private async Task RestartAsync(bool deleteIndex)
    {
        await host.Host.StopAppAsync(RecordsApp.AppId);
        if (deleteIndex)
        {
            SqliteConnection.ClearAllPools();
            File.Delete(Index);
            File.Delete(Index + "-wal");
            File.Delete(Index + "-shm");
        }

        await host.Host.StartAppAsync(RecordsApp.AppId, TestContext.Current.CancellationToken);
        await ReadyAsync();
    }

    private async Task ReadyAsync()
    {
        using var http = host.Http();
        while (!(await http.GetAsync("readyz", TestContext.Current.CancellationToken)).IsSuccessStatusCode)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
