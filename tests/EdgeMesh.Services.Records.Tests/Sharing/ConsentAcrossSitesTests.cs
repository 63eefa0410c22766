namespace EdgeMesh.Services.Records.Tests.Sharing;

/// <summary>Consent from end to end: what clinic-b sees of clinic-a's patient after each step.</summary>
public sealed class ConsentAcrossSitesTests
{
    private const string UnknownId = "clinic-a-00000000000000000000";

    [Fact]
    public async Task Consent_GrantedChangedRelabelledRevoked_ClinicBSeesThatAndNoMore()
    {
        await using var sites = await TwoSites.StartAsync();
        var patient = await sites.CreateAsync(Samples.Patient());
        var vital = await sites.CreateAsync(Samples.Observation($"Patient/{patient}"));
        var note = await sites.CreateAsync(Samples.Observation($"Patient/{patient}", label: "PSY"));
        await IsUnknownAsync(sites, "Patient", patient);
        await IsUnknownAsync(sites, "Observation", vital);
        Assert.Equal(0, (await sites.AskAsync(TwoSites.B, $"fhir/Observation?patient={patient}")).Total);

        // Granted, but for psychiatry.
        var consent = await sites.CreateAsync(Samples.Consent(patient, "org-b", except: "PSY"));
        await sites.UntilAsync($"fhir/Observation?patient={patient}", a => a.Total == 1);
        await SeesAsync(sites, patient, vital);
        await IsUnknownAsync(sites, "Observation", note);

        // The exception changed: psychiatry is shown, another label is not in the way.
        await sites.UpdateAsync(consent, Samples.Consent(patient, "org-b", except: "SDV"));
        await sites.UntilAsync($"fhir/Observation?patient={patient}", a => a.Total == 2);
        await SeesAsync(sites, patient, vital, note);

        // Changed back: what was given is taken back.
        await sites.UpdateAsync(consent, Samples.Consent(patient, "org-b", except: "PSY"));
        await sites.UntilAsync($"fhir/Observation?patient={patient}", a => a.Total == 1);
        await SeesAsync(sites, patient, vital);
        await IsUnknownAsync(sites, "Observation", note);

        // Relabelled: the versions before go too.
        await sites.UpdateAsync(vital, Samples.Observation($"Patient/{patient}", label: "PSY"));
        await sites.UntilAsync($"fhir/Observation?patient={patient}", a => a.Total == 0);
        await SeesAsync(sites, patient);
        await IsUnknownAsync(sites, "Observation", vital);

        // Revoked.
        await sites.UpdateAsync(consent, Samples.Consent(patient, "org-b", except: "PSY", status: "inactive"));
        await sites.UntilAsync($"fhir/Patient/{patient}/_history", a => a.Status == 404);
        await IsUnknownAsync(sites, "Patient", patient);
        Assert.Equal(0, (await sites.AskAsync(TwoSites.B, $"fhir/Patient?_id={patient}")).Total);
    }

    [Fact]
    public async Task Copy_ForAnotherPurposeThanItWasGivenFor_AnswersAsAnUnknownId()
    {
        await using var sites = await TwoSites.StartAsync();
        var patient = await sites.CreateAsync(Samples.Patient());
        var vital = await sites.CreateAsync(Samples.Observation($"Patient/{patient}"));
        await sites.CreateAsync(Samples.Consent(patient, "org-b"));
        await sites.UntilAsync($"fhir/Observation?patient={patient}", a => a.Total == 1);

        await IsUnknownAsync(sites, "Observation", vital, "HMARKT");
        await IsUnknownAsync(sites, "Patient", patient, "HMARKT");
        Assert.Equal(0, (await sites.AskAsync(TwoSites.B, $"fhir/Observation?patient={patient}", "HMARKT")).Total);

        sites.IsCut = true;
        await IsUnknownAsync(sites, "Observation", vital, "HMARKT");
        Assert.Equal(200, (await sites.AskAsync(TwoSites.B, $"fhir/Observation/{vital}")).Status);
    }

    [Fact]
    public async Task Copy_ItsOwnerWasNotHeardForLongerThanTheBound_IsShownAgainOnlyOnceItIs()
    {
        await using var sites = await TwoSites.StartAsync();
        var patient = await sites.CreateAsync(Samples.Patient());
        await sites.CreateAsync(Samples.Consent(patient, "org-b"));
        await sites.UntilAsync($"fhir/Patient?_id={patient}", a => a.Total == 1);

        sites.IsCut = true;
        sites.ClockOfB.Forward(TimeSpan.FromMinutes(59));
        Assert.Equal(200, (await sites.AskAsync(TwoSites.B, $"fhir/Patient/{patient}")).Status);
        sites.ClockOfB.Forward(TimeSpan.FromMinutes(2));
        await IsUnknownAsync(sites, "Patient", patient);
        Assert.Equal(0, (await sites.AskAsync(TwoSites.B, $"fhir/Patient?_id={patient}")).Total);

        sites.IsCut = false;
        await sites.UntilAsync($"fhir/Patient?_id={patient}", a => a.Total == 1);
    }

    /// <summary>Read, search, totals, pages, everything and history show these observations of the patient, and no other.</summary>
    private static async Task SeesAsync(TwoSites sites, string patient, params string[] observations)
    {
        var expected = observations.ToHashSet();
        foreach (var id in observations)
        {
            Assert.Equal(200, (await sites.AskAsync(TwoSites.B, $"fhir/Observation/{id}")).Status);
            Assert.NotEmpty((await sites.AskAsync(TwoSites.B, $"fhir/Observation/{id}/_history")).Entries);
        }

        var search = await sites.AskAsync(TwoSites.B, $"fhir/Observation?patient={patient}");
        Assert.Equal((expected.Count, null), (search.Total, search.Next));
        Assert.Equal(expected, Ids(search));
        var count = await sites.AskAsync(TwoSites.B, $"fhir/Observation?patient={patient}&_count=0");
        Assert.Equal((expected.Count, 0, null), (count.Total, count.Entries.Count, count.Next));
        var paged = new HashSet<string>();
        for (string? next = $"fhir/Observation?patient={patient}&_count=1"; next is not null;)
        {
            var page = await sites.AskAsync(TwoSites.B, next);
            Assert.Equal(expected.Count, page.Total);
            Assert.True(page.Entries.Count == 1 || expected.Count == 0);
            paged.UnionWith(Ids(page));
            next = page.Next;
        }

        Assert.Equal(expected, paged);
        var everything = await sites.AskAsync(TwoSites.B, $"fhir/Patient/{patient}/$everything");
        Assert.Equal(expected, [.. everything.Resources.Where(r => r["resourceType"]!.ToString() == "Observation").Select(r => r["id"]!.ToString())]);
        Assert.Contains(patient, Ids(everything));
    }

    /// <summary>Every interaction answers to an id that is hidden, byte for byte, what it answers to one that nobody has.</summary>
    private static async Task IsUnknownAsync(TwoSites sites, string type, string id, string purpose = "TREAT")
    {
        foreach (var path in (string[])
            ["{0}/{1}", "{0}/{1}/_history", "{0}/{1}/_history/clinic-a.1.1.0", "{0}?_id={1}", "{0}?_id={1}&_count=0", "Patient/{1}/$everything", "Observation?patient={1}"])
        {
            var hidden = await sites.AskAsync(TwoSites.B, "fhir/" + string.Format(null, path, type, id), purpose);
            var unknown = await sites.AskAsync(TwoSites.B, "fhir/" + string.Format(null, path, type, UnknownId), purpose);

            Assert.Equal(unknown.Status, hidden.Status);
            Assert.Equal(unknown.Text.Replace(UnknownId, id, StringComparison.Ordinal), hidden.Text);
            Assert.Equal(unknown.Headers.Keys.Order(), hidden.Headers.Keys.Order());
        }
    }

    private static HashSet<string> Ids(FhirResponse bundle) => [.. bundle.Resources.Select(r => r["id"]!.ToString())];
}
