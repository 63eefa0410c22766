using EdgeMesh.Hosting;
using Hl7.Fhir.Rest;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Tests.Clients;

/// <summary>A client that is not ours, unchanged.</summary>
public sealed class FhirClientTests(RecordsHost host)
{
    [Fact]
    public async Task FhirClient_GoesThroughTheLifeOfARecord()
    {
        using var http = host.Http();
        http.DefaultRequestHeaders.Add(CallerTokens.Header, await host.TokenAsync(RecordsHost.Practitioner));
        using var client = new FhirClient(new Uri(http.BaseAddress!, "fhir"), http, new FhirClientSettings { VerifyFhirVersion = true, PreferredFormat = ResourceFormat.Json });
        var cancellation = TestContext.Current.CancellationToken;

        var made = (await client.CreateAsync(new R4.Patient { Name = [new() { Family = "Unchanged" }], Identifier = [new("urn:test", "client")] }, cancellation))!;
        var again = await client.ConditionalCreateAsync(new R4.Patient { Active = true }, new SearchParams("identifier", "urn:test|client"), ct: cancellation);
        Assert.Equal(made.Id, again?.Id ?? made.Id);
        made.Active = true;
        var updated = (await client.UpdateAsync(made, versionAware: true, ct: cancellation))!;
        await Assert.ThrowsAsync<FhirOperationException>(() => client.UpdateAsync(made, versionAware: true, ct: cancellation));
        var read = await client.ReadAsync<R4.Patient>($"Patient/{made.Id}", ct: cancellation);
        Assert.Equal(updated.VersionId, read!.VersionId);

        for (var i = 0; i < 5; i++)
        {
            await client.CreateAsync(new R4.Observation { Status = R4.ObservationStatus.Final, Code = new("http://loinc.org", "1-8"), Subject = new($"Patient/{made.Id}") }, cancellation);
        }

        var found = new List<R4.Resource>();
        for (var page = await client.SearchAsync<R4.Observation>([$"patient={made.Id}"], pageSize: 2, ct: cancellation); page is not null; page = await client.ContinueAsync(page, ct: cancellation))
        {
            Assert.True(page.Total is 5);
            found.AddRange(page.Entry.Select(e => e.Resource!));
        }

        Assert.Equal(5, found.Select(r => r.Id).Distinct().Count());
        var everything = (R4.Bundle)(await client.FetchPatientRecordAsync(new Uri($"Patient/{made.Id}", UriKind.Relative), ct: cancellation))!;
        Assert.Equal(6, everything.Entry.Count);
        var transaction = await client.TransactionAsync(new R4.Bundle
        {
            Type = R4.Bundle.BundleType.Transaction,
            Entry = [new() { Resource = new R4.Patient { Active = true }, Request = new() { Method = R4.Bundle.HTTPVerb.POST, Url = "Patient" } }],
        }, cancellation);
        Assert.StartsWith("201", transaction!.Entry[0].Response!.Status, StringComparison.Ordinal);
        await client.DeleteAsync($"Patient/{made.Id}", ct: cancellation);
        Assert.Equal(3, (await client.HistoryAsync($"Patient/{made.Id}", ct: cancellation))!.Entry.Count);
        var statement = await client.CapabilityStatementAsync(ct: cancellation);
        Assert.Contains(statement!.Rest[0].Resource, r => r.Type?.ToString() == "Observation");
    }
}
