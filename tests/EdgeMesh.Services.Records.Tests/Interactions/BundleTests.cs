using System.Text.Json.Nodes;

namespace EdgeMesh.Services.Records.Tests.Interactions;

public sealed class BundleTests(RecordsHost host)
{
    [Fact]
    public async Task Transaction_ResolvesWhatItsEntriesCallEachOther()
    {
        var doctor = (await host.Client.PostAsync("fhir/Practitioner", Samples.Practitioner("known-doctor"))).Id;
        var observation = Samples.Observation("urn:uuid:00000000-0000-4000-8000-000000000001");
        observation["performer"] = new JsonArray(
            new JsonObject { ["reference"] = "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|known-doctor" }, new JsonObject { ["reference"] = "urn:uuid:00000000-0000-4000-8000-000000000002" });
        var bundle = Samples.Bundle("transaction",
            ("POST", "Observation", observation, "urn:uuid:00000000-0000-4000-8000-000000000003"),
            ("POST", "Patient", Samples.Patient(identifier: "in-bundle"), "urn:uuid:00000000-0000-4000-8000-000000000001"),
            ("POST", "Practitioner", Samples.Practitioner("new-doctor"), "urn:uuid:00000000-0000-4000-8000-000000000002"),
            ("GET", "Patient?identifier=in-bundle", null, null));

        var answer = await host.Client.PostAsync("fhir", bundle);

        Assert.True(answer.Status == 200, answer.Text);
        Assert.Equal("transaction-response", answer.Json["type"]!.ToString());
        var locations = answer.Entries.Take(3).Select(e => e["response"]!["location"]!.ToString().Split("/fhir/")[1]).ToList();
        Assert.All(answer.Entries.Take(3), e => Assert.Equal("201 Created", e["response"]!["status"]!.ToString()));
        var stored = await host.Client.GetAsync("fhir/" + locations[0].Split("/_history")[0]);
        Assert.Equal(locations[1].Split("/_history")[0], stored.Json["subject"]!["reference"]!.ToString());
        Assert.Equal([$"Practitioner/{doctor}", locations[2].Split("/_history")[0]], stored.Json["performer"]!.AsArray().Select(p => p!["reference"]!.ToString()));
        Assert.Equal("1", answer.Entries[3]["resource"]!["total"]!.ToString());
    }

    [Theory]
    [InlineData("urn:uuid:00000000-0000-4000-8000-000000000009", "reference-unresolved")]
    [InlineData("Patient/clinic-a-nobody", "reference-not-found")]
    [InlineData("Patient/1", "reference-not-found")]
    [InlineData("Medication/clinic-b-1", "reference-type")]
    [InlineData("Patient?identifier=nobody-has-this", "reference-unresolved")]
    [InlineData("Patient?shoe-size=1", "reference-condition")]
    [InlineData("#nobody", "reference-unresolved")]
    [InlineData("../../etc/passwd", "reference-unresolved")]
    public async Task Transaction_WrongReference_WritesNothing(string reference, string code)
    {
        var tag = Guid.NewGuid().ToString("N");
        var bundle = Samples.Bundle("transaction",
            ("POST", "Practitioner", Samples.Practitioner(tag), "urn:uuid:00000000-0000-4000-8000-000000000002"), ("POST", "Observation", Samples.Observation(reference), null));

        var answer = await host.Client.PostAsync("fhir", bundle);

        Assert.Equal((422, code), (answer.Status, answer.Code));
        Assert.Equal("Bundle.entry[1].resource.Observation.subject", answer.Json["issue"]![0]!["expression"]![0]!.ToString());
        Assert.Equal(0, (await host.Client.GetAsync($"fhir/Practitioner?identifier={tag}")).Total);
    }

    [Fact]
    public async Task Transaction_ReferenceToAnotherSitesId_Stands()
    {
        var answer = await host.Client.PostAsync("fhir/Observation", Samples.Observation("Patient/clinic-b-0001"));

        Assert.Equal(201, answer.Status);
    }

    [Fact]
    public async Task Transaction_ManyInParallelUnderOneCondition_MakeOnePractitioner()
    {
        async Task<FhirResponse> Load(int i)
        {
            var observation = Samples.Observation("urn:uuid:00000000-0000-4000-8000-000000000001");
            observation["performer"] = new JsonArray(new JsonObject { ["reference"] = "urn:uuid:00000000-0000-4000-8000-000000000002" });
            var bundle = Samples.Bundle("transaction",
                ("POST", "Practitioner", Samples.Practitioner("shared-by-bundles"), "urn:uuid:00000000-0000-4000-8000-000000000002"),
                ("POST", "Patient", Samples.Patient($"Loaded{i}"), "urn:uuid:00000000-0000-4000-8000-000000000001"),
                ("POST", "Observation", observation, null));
            bundle["entry"]![0]!["request"]!["ifNoneExist"] = "identifier=http://hl7.org/fhir/sid/us-npi|shared-by-bundles";
            return await host.Client.PostAsync("fhir/", bundle);
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(Load));

        Assert.All(answers, a => Assert.Equal(200, a.Status));
        Assert.Single(answers, a => a.Entries[0]["response"]!["status"]!.ToString() == "201 Created");
        var doctor = (await host.Client.GetAsync("fhir/Practitioner?identifier=shared-by-bundles")).Resources.Single()["id"]!.ToString();
        foreach (var answer in answers)
        {
            var observation = await host.Client.GetAsync(new Uri(answer.Entries[2]["response"]!["location"]!.ToString()).PathAndQuery);
            Assert.Equal($"Practitioner/{doctor}", observation.Json["performer"]![0]!["reference"]!.ToString());
        }
    }

    [Fact]
    public async Task Transaction_UpdateAndDelete_AreOneCommit()
    {
        var first = await host.Client.PostAsync("fhir/Patient", Samples.Patient());
        var second = await host.Client.PostAsync("fhir/Patient", Samples.Patient());
        var changed = first.Json;
        changed["active"] = false;
        var bundle = Samples.Bundle("transaction", ("PUT", $"Patient/{first.Id}", changed, null), ("DELETE", $"Patient/{second.Id}", null, null));
        bundle["entry"]![0]!["request"]!["ifMatch"] = "W/\"stale\"";

        Assert.Equal(412, (await host.Client.PostAsync("fhir", bundle)).Status);
        Assert.Equal(200, (await host.Client.GetAsync($"fhir/Patient/{second.Id}")).Status);
        bundle["entry"]![0]!["request"]!["ifMatch"] = first.ETag;
        Assert.Equal(200, (await host.Client.PostAsync("fhir", bundle)).Status);

        Assert.Equal(410, (await host.Client.GetAsync($"fhir/Patient/{second.Id}")).Status);
        Assert.Equal("false", (await host.Client.GetAsync($"fhir/Patient/{first.Id}")).Json["active"]!.ToString());
    }

    [Fact]
    public async Task Transaction_FaultyEntry_NamesItAndWritesNothing()
    {
        var faulty = Samples.Observation("urn:uuid:00000000-0000-4000-8000-000000000001");
        faulty["colour"] = "red";
        var bundle = Samples.Bundle("transaction", ("POST", "Patient", Samples.Patient(identifier: "not-written"), "urn:uuid:00000000-0000-4000-8000-000000000001"), ("POST", "Observation", faulty, null));

        var answer = await host.Client.PostAsync("fhir", bundle);

        Assert.Equal(400, answer.Status);
        Assert.Contains("Bundle.entry[1].resource", answer.Json["issue"]![0]!["expression"]![0]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, (await host.Client.GetAsync("fhir/Patient?identifier=not-written")).Total);
    }

    [Fact]
    public async Task Batch_Entries_StandByThemselves()
    {
        var faulty = Samples.Patient();
        faulty["colour"] = "red";
        var bundle = Samples.Bundle("batch",
            ("POST", "Patient", Samples.Patient(identifier: "batched"), null), ("POST", "Patient", faulty, null),
            ("GET", "Patient/clinic-a-nobody", null, null), ("DELETE", "Patient?name=x", null, null), ("GET", "Patient?identifier=batched", null, null));

        var answer = await host.Client.PostAsync("fhir", bundle);

        Assert.Equal((200, "batch-response"), (answer.Status, answer.Json["type"]!.ToString()));
        Assert.Equal(["201 Created", "400", "404", "400", "200 OK"], answer.Entries.Select(e => e["response"]!["status"]!.ToString()));
        Assert.Equal("1", answer.Entries[4]["resource"]!["total"]!.ToString());
    }

    [Fact]
    public async Task Bundle_OfAnotherKind_IsRefused()
    {
        Assert.Equal("bundle-type", (await host.Client.PostAsync("fhir", Samples.Bundle("searchset", ("GET", "Patient", null, null)))).Code);
        Assert.Equal("bundle-expected", (await host.Client.PostAsync("fhir", Samples.Patient())).Code);
    }
}
