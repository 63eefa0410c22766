using System.Text.Json.Nodes;

namespace EdgeMesh.Services.Records.Tests.Search;

/// <summary>What a caller may not see neither fills pages nor counts, and a scan ends.</summary>
public sealed class HiddenRowsTests : IAsyncLifetime
{
    private readonly RecordsHost _host = new() { WithLedger = true, Settings = new Dictionary<string, string?> { ["EdgeMesh:Records:TotalLimit"] = "4" } };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Search_BehindManyHiddenRows_HasItsTotalAndNoEmptyPage()
    {
        for (var i = 0; i < 9; i++)
        {
            await PatientAsync(isHidden: true);
        }

        var shown = new[] { await PatientAsync(false), await PatientAsync(false), await PatientAsync(false) };
        await _host.ConsentsAppliedAsync();

        var first = await _host.Client.GetAsync("fhir/Patient?name=row&_count=2");
        Assert.Equal((3, 2), (first.Total, first.Entries.Count));
        var rest = await _host.Client.GetAsync(first.Next!);
        Assert.Equal(shown, first.Resources.Concat(rest.Resources).Select(r => r["id"]!.ToString()));
        Assert.Null(rest.Next);
        Assert.Equal(3, (await _host.Client.GetAsync("fhir/Patient?name=row&_count=0")).Total);
        await PatientAsync(false);
        await PatientAsync(false);
        var many = await _host.Client.GetAsync("fhir/Patient?name=row&_count=2");
        Assert.Equal((null, 2), (many.Total, many.Entries.Count));
        Assert.Equal(3, (await _host.Client.PagesAsync(many.Next!)).Count);
    }

    [Fact]
    public async Task Search_OfAPatient_LooksAtNoOtherPatientsRows()
    {
        var (self, other) = (await PatientAsync(false), await PatientAsync(false));
        var doctor = (await _host.Client.PostAsync("fhir/Practitioner", Samples.Practitioner("seen-by-patients"))).Id;
        var patient = _host.As(RecordsHost.User("self", "patient", "patient/*.rs") with { Patient = self });

        var found = await patient.GetAsync("fhir/Patient");
        Assert.Equal(self, Assert.Single(found.Resources)["id"]!.ToString());
        Assert.Equal(doctor, Assert.Single((await patient.GetAsync("fhir/Practitioner?identifier=seen-by-patients")).Resources)["id"]!.ToString());

        await _host.Client.GetAsync($"fhir/Patient/{other}");
        var auditor = _host.As(RecordsHost.User("auditor", "auditor", "user/AuditEvent.s"));
        var audit = await auditor.GetUntilAsync($"fhir/AuditEvent?patient={other}", answer => answer.Entries.Count >= 2);

        Assert.Equal(["read", "create"], audit.Resources.Select(e => e["subtype"]![0]!["code"]!.ToString()));
    }

    [Fact]
    public async Task Everything_WithMoreThanIsCounted_PagesOnToTheEnd()
    {
        var id = await PatientAsync(false);
        var doctor = (await _host.Client.PostAsync("fhir/Practitioner", Samples.Practitioner("supporting"))).Id;
        for (var i = 0; i < 8; i++)
        {
            var observation = Samples.Observation($"Patient/{id}");
            observation["performer"] = new JsonArray(new JsonObject { ["reference"] = $"Practitioner/{doctor}" });
            await _host.Client.PostAsync("fhir/Observation", observation);
        }

        Assert.Null((await _host.Client.GetAsync($"fhir/Patient/{id}/$everything?_count=2")).Total);
        foreach (var count in (int[])[2, 3, 9, 1000])
        {
            var all = (await _host.Client.PagesAsync($"fhir/Patient/{id}/$everything?_count={count}")).Select(r => $"{r["resourceType"]}/{r["id"]}").ToList();
            Assert.Equal((10, 10, $"Patient/{id}", $"Practitioner/{doctor}"), (all.Count, all.Distinct().Count(), all[0], all[^1]));
        }
    }

    private async Task<string> PatientAsync(bool isHidden)
    {
        var id = (await _host.Client.PostAsync("fhir/Patient", Samples.Patient("Row"))).Id;
        if (isHidden)
        {
            await _host.Client.PostAsync("fhir/Consent", Samples.Consent(id, new JsonObject { ["type"] = "deny", ["actor"] = Samples.Actor("org-a") }));
        }

        return id;
    }
}

/// <summary>A scan that may take no time at all.</summary>
public sealed class ScanLimitTests : IAsyncLifetime
{
    private readonly RecordsHost _host = new() { Settings = new Dictionary<string, string?> { ["EdgeMesh:Records:ScanSeconds"] = "0" } };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Search_ThatTakesTooLong_FailsRatherThanAnswerInPart()
    {
        var id = (await _host.Client.PostAsync("fhir/Patient", Samples.Patient())).Id;

        foreach (var path in (string[])["fhir/Patient", "fhir/Patient?_count=0", $"fhir/Patient/{id}/$everything"])
        {
            var answer = await _host.Client.GetAsync(path);
            Assert.Equal((503, "scan-too-long"), (answer.Status, answer.Code));
        }
    }
}
