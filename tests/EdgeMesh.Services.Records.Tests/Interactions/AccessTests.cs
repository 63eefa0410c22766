namespace EdgeMesh.Services.Records.Tests.Interactions;

public sealed class AccessTests(RecordsHost host)
{
    [Fact]
    public async Task Scope_ThatDoesNotCover_Is403BeforeTheStore()
    {
        var reader = host.As(RecordsHost.User("reader", "practitioner", "user/Patient.r"));

        Assert.Equal(403, (await reader.GetAsync("fhir/Observation/clinic-a-x")).Status);
        Assert.Equal(403, (await reader.GetAsync("fhir/Patient?name=x")).Status);
        Assert.Equal(403, (await reader.PostAsync("fhir/Patient", Samples.Patient())).Status);
        Assert.Equal(403, (await reader.PostAsync("fhir", Samples.Bundle("transaction", ("POST", "Patient", Samples.Patient(), null)))).Status);
        Assert.Equal(403, (await host.As(RecordsHost.User("who", "visitor", "user/*.cruds")).GetAsync("fhir/Patient/x")).Status);
    }

    [Fact]
    public async Task Scope_WithAQuery_NarrowsReadsMatchesTotalsAndHistory()
    {
        var id = (await host.Client.PostAsync("fhir/Patient", Samples.Patient())).Id;
        var vital = (await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}"))).Id;
        var lab = (await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}", category: "laboratory"))).Id;
        var narrow = host.As(RecordsHost.User("nurse", "practitioner", "user/Observation.rs?category=vital-signs", "user/Patient.rs"));

        var found = await narrow.GetAsync($"fhir/Observation?patient={id}");
        Assert.Equal((1, vital), (found.Total, found.Resources.Single()["id"]!.ToString()));
        Assert.Equal(200, (await narrow.GetAsync($"fhir/Observation/{vital}")).Status);
        Assert.Equal(404, (await narrow.GetAsync($"fhir/Observation/{lab}/_history")).Status);
        var hidden = await narrow.GetAsync($"fhir/Observation/{lab}");
        var unknown = await narrow.GetAsync("fhir/Observation/clinic-a-00000000000000000000");
        Assert.Equal(404, hidden.Status);
        Assert.Equal(unknown.Text.Replace("clinic-a-00000000000000000000", lab, StringComparison.Ordinal), hidden.Text);
        Assert.Equal(2, (await narrow.GetAsync($"fhir/Patient/{id}/$everything")).Entries.Count);
    }

    [Fact]
    public async Task Deleted_WhatTheCallerMayNotSee_IsUnknownRatherThanGone()
    {
        var id = (await host.Client.PostAsync("fhir/Patient", Samples.Patient())).Id;
        var other = (await host.Client.PostAsync("fhir/Patient", Samples.Patient())).Id;
        await host.Client.DeleteAsync($"fhir/Patient/{other}");
        var patient = host.As(RecordsHost.User("self", "patient", "patient/*.rs") with { Patient = id });

        Assert.Equal(200, (await patient.GetAsync($"fhir/Patient/{id}")).Status);
        Assert.Equal(404, (await patient.GetAsync($"fhir/Patient/{other}")).Status);
        Assert.Equal(404, (await patient.GetAsync($"fhir/Patient/{other}/_history")).Status);
    }
}
