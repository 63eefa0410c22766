namespace EdgeMesh.Services.Records.Tests.Interactions;

public sealed class WriteTests(RecordsHost host)
{
    [Fact]
    public async Task Create_Patient_IsReadWithItsVersion()
    {
        var created = await host.Client.PostAsync("fhir/Patient", Samples.Patient());

        Assert.Equal(201, created.Status);
        Assert.StartsWith("clinic-a-", created.Id, StringComparison.Ordinal);
        Assert.Contains($"/fhir/Patient/{created.Id}/_history/", created.Location, StringComparison.Ordinal);
        var read = await host.Client.GetAsync($"fhir/Patient/{created.Id}");
        Assert.Equal(200, read.Status);
        Assert.Equal(created.Text, read.Text);
        Assert.Equal($"W/\"{read.Json["meta"]!["versionId"]}\"", read.ETag);
        Assert.Equal("Chalmers", read.Json["name"]![0]!["family"]!.ToString());
        Assert.StartsWith("changes.", created.Headers["X-EdgeMesh-Receipt"], StringComparison.Ordinal);
        Assert.StartsWith("access.", read.Headers["X-EdgeMesh-Receipt"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_EightInParallelUnderOneCondition_OneIsCreated()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            host.Client.PostAsync("fhir/Patient", Samples.Patient(identifier: "one-of-eight"), ("If-None-Exist", "identifier=urn:test|one-of-eight"))));

        Assert.Single(answers, a => a.Status == 201);
        Assert.Equal(7, answers.Count(a => a.Status == 200));
        Assert.Single(answers.Select(a => a.Id).Distinct());
        Assert.Equal(1, (await host.Client.GetAsync("fhir/Patient?identifier=urn:test|one-of-eight")).Total);
    }

    [Fact]
    public async Task Create_ConditionMatchesSeveral_Is412()
    {
        await host.Client.PostAsync("fhir/Patient", Samples.Patient(identifier: "twins"));
        await host.Client.PostAsync("fhir/Patient", Samples.Patient(identifier: "twins"));

        var third = await host.Client.PostAsync("fhir/Patient", Samples.Patient(identifier: "twins"), ("If-None-Exist", "identifier=urn:test|twins"));

        Assert.Equal((412, "several-matches"), (third.Status, third.Code));
    }

    [Fact]
    public async Task Update_StaleIfMatch_Is412AndNothingChanges()
    {
        var created = await host.Client.PostAsync("fhir/Patient", Samples.Patient());
        var next = created.Json;
        next["active"] = false;
        var updated = await host.Client.PutAsync($"fhir/Patient/{created.Id}", next, ("If-Match", created.ETag!));
        Assert.Equal(200, updated.Status);
        Assert.NotEqual(created.ETag, updated.ETag);

        next["gender"] = "female";
        var stale = await host.Client.PutAsync($"fhir/Patient/{created.Id}", next, ("If-Match", created.ETag!));

        Assert.Equal((412, "version-stale"), (stale.Status, stale.Code));
        Assert.Equal(updated.ETag, stale.ETag);
        var read = await host.Client.GetAsync($"fhir/Patient/{created.Id}");
        Assert.Equal((updated.ETag, "male"), (read.ETag, read.Json["gender"]!.ToString()));
    }

    [Fact]
    public async Task Update_UnknownId_IsRefused()
    {
        var patient = Samples.Patient();
        patient["id"] = "clinic-a-unknown";

        var answer = await host.Client.PutAsync("fhir/Patient/clinic-a-unknown", patient);

        Assert.Equal((405, "update-unknown-id"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Update_InParallelWithoutIfMatch_AllStandInHistory()
    {
        var created = await host.Client.PostAsync("fhir/Patient", Samples.Patient());

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => host.Client.PutAsync($"fhir/Patient/{created.Id}", created.Json)));

        Assert.All(answers, a => Assert.Equal(200, a.Status));
        Assert.Equal(6, (await host.Client.GetAsync($"fhir/Patient/{created.Id}/_history")).Total);
    }

    [Fact]
    public async Task Delete_Patient_IsGoneAndItsHistoryTells()
    {
        var created = await host.Client.PostAsync("fhir/Patient", Samples.Patient(identifier: "deleted"));

        Assert.Equal(204, (await host.Client.DeleteAsync($"fhir/Patient/{created.Id}")).Status);

        Assert.Equal((410, "deleted"), ((await host.Client.GetAsync($"fhir/Patient/{created.Id}")) is var gone ? gone.Status : 0, gone.Code));
        Assert.Equal(0, (await host.Client.GetAsync("fhir/Patient?identifier=deleted")).Total);
        Assert.Equal(204, (await host.Client.DeleteAsync($"fhir/Patient/{created.Id}")).Status);
        var history = await host.Client.GetAsync($"fhir/Patient/{created.Id}/_history");
        Assert.Equal(["DELETE", "POST"], history.Entries.Select(e => e["request"]!["method"]!.ToString()));
        var old = await host.Client.GetAsync($"fhir/Patient/{created.Id}/_history/{created.ETag![3..^1]}");
        Assert.Equal((200, created.Text), (old.Status, old.Text));
    }

    [Fact]
    public async Task Delete_UnknownId_Is404() => Assert.Equal(404, (await host.Client.DeleteAsync("fhir/Patient/clinic-a-nobody")).Status);

    [Fact]
    public async Task Read_IfNoneMatchOfTheCurrentVersion_Is304()
    {
        var created = await host.Client.PostAsync("fhir/Patient", Samples.Patient());

        var answer = await host.Client.GetAsync($"fhir/Patient/{created.Id}", ("If-None-Match", created.ETag!));

        Assert.Equal((304, ""), (answer.Status, answer.Text));
    }

    [Theory]
    [InlineData("return=minimal", "")]
    [InlineData("return=representation", "Patient")]
    [InlineData("return=OperationOutcome", "OperationOutcome")]
    public async Task Create_Prefer_AnswersAsAsked(string prefer, string type)
    {
        var created = await host.Client.PostAsync("fhir/Patient", Samples.Patient(), ("Prefer", prefer));

        Assert.Equal(201, created.Status);
        Assert.Equal(type, created.Text.Length == 0 ? "" : created.Json["resourceType"]!.ToString());
    }

    [Fact]
    public async Task History_Pages_ShowEachVersionOnce()
    {
        var created = await host.Client.PostAsync("fhir/Patient", Samples.Patient());
        for (var i = 0; i < 4; i++)
        {
            await host.Client.PutAsync($"fhir/Patient/{created.Id}", created.Json);
        }

        var first = await host.Client.GetAsync($"fhir/Patient/{created.Id}/_history?_count=2");
        await host.Client.PutAsync($"fhir/Patient/{created.Id}", created.Json);
        var rest = await host.Client.PagesAsync(first.Next!);

        var versions = first.Resources.Concat(rest).Select(r => r["meta"]!["versionId"]!.ToString()).ToList();
        Assert.Equal(5, versions.Count);
        Assert.Equal(5, versions.Distinct().Count());
    }
}
