using System.Text.Json.Nodes;

namespace EdgeMesh.Services.Records.Tests.Search;

public sealed class SearchTests(RecordsHost host)
{
    [Theory]
    [InlineData("Observation?patient={id}", 3)]
    [InlineData("Observation?patient=Patient/{id}", 3)]
    [InlineData("Observation?subject=Patient/{id}", 3)]
    [InlineData("Observation?subject={id}", 3)]
    [InlineData("Observation?patient={id}&category=vital-signs", 2)]
    [InlineData("Observation?patient={id}&category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory", 1)]
    [InlineData("Observation?patient={id}&code=http://loinc.org|8867-4", 1)]
    [InlineData("Observation?patient={id}&code=8867-4,9279-1", 2)]
    [InlineData("Observation?patient={id}&code=8867-4&code=9279-1", 0)]
    [InlineData("Observation?patient={id}&code=http://loinc.org|", 3)]
    [InlineData("Observation?patient={id}&code=|8867-4", 0)]
    [InlineData("Observation?patient={id}&status=final", 3)]
    [InlineData("Observation?patient={id}&status=http://hl7.org/fhir/observation-status|final", 3)]
    [InlineData("Observation?patient={id}&status=amended", 0)]
    [InlineData("Observation?patient={id}&date=2024-03", 2)]
    [InlineData("Observation?patient={id}&date=ge2024-03-05&date=lt2024-04-01", 2)]
    [InlineData("Observation?patient={id}&date=gt2024-03-05T10:00:00Z", 3)]
    [InlineData("Observation?patient={id}&date=sa2024-03", 1)]
    [InlineData("Observation?patient={id}&date=eb2024-03-05", 0)]
    [InlineData("Observation?patient={id}&date=ne2024-03-05", 2)]
    [InlineData("Observation?patient={id}&_lastUpdated=ge2000", 3)]
    [InlineData("Observation?patient={id}&_lastUpdated=lt2000", 0)]
    [InlineData("Patient?_id={id}", 1)]
    [InlineData("Patient?_id={id}&name=mejia", 1)]
    [InlineData("Patient?_id={id}&name=MEJ%C3%8D", 1)]
    [InlineData("Patient?_id={id}&name=jos", 1)]
    [InlineData("Patient?_id={id}&name=maria-jose", 1)]
    [InlineData("Patient?_id={id}&name=ejia", 0)]
    [InlineData("Patient?_id={id}&name=mejiaxxxxxxxxx,smith", 0)]
    [InlineData("Patient?identifier=urn:test|{tag}", 1)]
    [InlineData("Patient?identifier={tag}", 1)]
    [InlineData("Patient?identifier=urn:other|{tag}", 0)]
    public async Task Search_Parameter_FindsWhatItMeans(string query, int expected)
    {
        var tag = Guid.NewGuid().ToString("N");
        var client = host.Client;
        var patient = Samples.Patient("Mejía", "José María", identifier: tag);
        patient["name"]![0]!["given"] = new JsonArray("José", "María José");
        var id = (await client.PostAsync("fhir/Patient", patient)).Id;
        await client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}"));
        await client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}", "2024-03-31T23:30:00Z", "9279-1"));
        await client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}", "2024-04-02", "718-7", "laboratory"));

        var found = await client.GetAsync("fhir/" + query.Replace("{id}", id, StringComparison.Ordinal).Replace("{tag}", tag, StringComparison.Ordinal));

        Assert.Equal((200, expected, expected), (found.Status, found.Total ?? -1, found.Entries.Count));
        Assert.Equal("searchset", found.Json["type"]!.ToString());
    }

    [Fact]
    public async Task Search_Pages_AreStableWhileOthersWrite()
    {
        var client = host.Client;
        var id = (await client.PostAsync("fhir/Patient", Samples.Patient())).Id;
        var made = new List<string>();
        for (var i = 0; i < 25; i++)
        {
            made.Add((await client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}"))).Id);
        }

        var page = await client.GetAsync($"fhir/Observation?patient={id}&_count=10");
        Assert.Equal((25, 10), (page.Total, page.Entries.Count));
        await client.DeleteAsync($"fhir/Observation/{made[2]}");
        await client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}"));
        var changed = page.Resources[4];
        changed["status"] = "amended";
        Assert.Equal(200, (await client.PutAsync($"fhir/Observation/{made[4]}", changed)).Status);
        var rest = await client.PagesAsync(page.Next!);

        Assert.Equal(made, page.Resources.Concat(rest).Select(r => r["id"]!.ToString()));
    }

    [Fact]
    public async Task Search_CursorOfAnotherCaller_IsRefused()
    {
        var client = host.Client;
        for (var i = 0; i < 3; i++)
        {
            await client.PostAsync("fhir/Practitioner", Samples.Practitioner($"cursor-{i}"));
        }

        var next = (await client.GetAsync("fhir/Practitioner?_count=1")).Next!;

        var other = await host.As(RecordsHost.User("somebody", "practitioner", "user/Practitioner.rs")).GetAsync(next);
        Assert.Equal((400, "cursor-invalid"), (other.Status, other.Code));
        Assert.Equal(400, (await client.GetAsync(next.Replace("Practitioner?", "Patient?", StringComparison.Ordinal))).Status);
        Assert.Equal(200, (await client.GetAsync(next)).Status);
    }

    [Theory]
    [InlineData("Patient?shoe-size=44", "parameter-unknown")]
    [InlineData("Observation?patient:Patient=x", "parameter-unknown")]
    [InlineData("Observation?patient.name=x", "parameter-unknown")]
    [InlineData("Observation?date=yesterday", "parameter-invalid")]
    [InlineData("Observation?date=xx2020", "parameter-invalid")]
    [InlineData("Observation?_count=many", "parameter-invalid")]
    [InlineData("Observation?code=", "parameter-invalid")]
    [InlineData("Patient?name=-", "parameter-invalid")]
    public async Task Search_BadParameter_Is400(string query, string code)
    {
        var answer = await host.Client.GetAsync($"fhir/{query}");

        Assert.Equal((400, code), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Search_UnknownParameterLeniently_IsLeftOutOfTheSelfLink()
    {
        var answer = await host.Client.GetAsync("fhir/Patient?shoe-size=44&name=nobodyatall", ("Prefer", "handling=lenient"));

        Assert.Equal((200, 0), (answer.Status, answer.Total));
        Assert.EndsWith("/fhir/Patient?name=nobodyatall", answer.Json["link"]![0]!["url"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_ByPost_IsTheSame()
    {
        await host.Client.PostAsync("fhir/Practitioner", Samples.Practitioner("by-post"));

        var found = await host.Client.SendAsync(HttpMethod.Post, "fhir/Practitioner/_search", "identifier=http%3A%2F%2Fhl7.org%2Ffhir%2Fsid%2Fus-npi%7Cby-post", [], "application/x-www-form-urlencoded");

        Assert.Equal((200, 1), (found.Status, found.Total));
    }

    [Fact]
    public async Task Search_CountZero_CountsOnly()
    {
        await host.Client.PostAsync("fhir/Practitioner", Samples.Practitioner("count-zero"));

        var answer = await host.Client.GetAsync("fhir/Practitioner?identifier=count-zero&_count=0");

        Assert.Equal((1, 0, null), (answer.Total, answer.Entries.Count, answer.Next));
    }

    [Fact]
    public async Task Everything_Pages_HoldTheCompartmentAndWhatItRefersTo()
    {
        var client = host.Client;
        var doctor = (await client.PostAsync("fhir/Practitioner", Samples.Practitioner("everything"))).Id;
        var id = (await client.PostAsync("fhir/Patient", Samples.Patient())).Id;
        var other = (await client.PostAsync("fhir/Patient", Samples.Patient())).Id;
        await client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{other}"));
        var own = new List<string> { $"Patient/{id}" };
        for (var i = 0; i < 5; i++)
        {
            var observation = Samples.Observation($"Patient/{id}");
            observation["performer"] = new JsonArray(new JsonObject { ["reference"] = $"Practitioner/{doctor}" });
            own.Add("Observation/" + (await client.PostAsync("fhir/Observation", observation)).Id);
        }

        var pages = await client.PagesAsync($"fhir/Patient/{id}/$everything?_count=2");

        Assert.Equal([.. own, $"Practitioner/{doctor}"], pages.Select(r => $"{r["resourceType"]}/{r["id"]}"));
        Assert.Equal(404, (await client.GetAsync("fhir/Patient/clinic-a-none/$everything")).Status);
    }
}
