using System.Text.Json.Nodes;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Tests.Interactions;

/// <summary>What users of another site may do with what this one owns: read, never write.</summary>
public sealed class PeerWriteTests(RecordsHost host)
{
    private static readonly Caller Peer = RecordsHost.User("dr-b", "practitioner", "user/*.cruds") with { Site = "clinic-b", ForwardedBy = "clinic-b" };

    [Theory]
    [InlineData("POST", "Observation")]
    [InlineData("PUT", "Patient/{0}")]
    [InlineData("DELETE", "Patient/{0}")]
    [InlineData("DELETE", "Patient/clinic-a-00000000000000000000")]
    [InlineData("POST", "")]
    public async Task Write_FromAPeer_Is403WhateverThePatientPermits(string method, string path)
    {
        var patient = await PermittedPatientAsync();
        JsonNode body = path switch
        {
            "Observation" => Samples.Observation($"Patient/{patient}"),
            "" => Samples.Bundle("transaction", ("DELETE", $"Patient/{patient}", null, null)),
            _ => Samples.Patient("Changed"),
        };
        body["id"] = path.Length > 0 && path.Contains('/', StringComparison.Ordinal) ? patient : null;

        var answer = await host.As(Peer).SendAsync(new HttpMethod(method), $"mesh/records/fhir/{string.Format(null, path, patient)}", body.ToJsonString(), []);

        Assert.Equal((403, "peer-read-only"), (answer.Status, answer.Code));
        var unchanged = await host.Client.GetAsync($"fhir/Patient/{patient}");
        Assert.Equal((200, "Chalmers"), (unchanged.Status, unchanged.Json["name"]![0]!["family"]!.ToString()));
    }

    [Fact]
    public async Task Write_ABatchFromAPeer_Is403AsAWhole()
    {
        var batch = Samples.Bundle("batch", ("POST", "Observation", Samples.Observation($"Patient/{await PermittedPatientAsync()}"), null));

        Assert.Equal((403, "peer-read-only"), await CodeAsync(host.As(Peer).PostAsync("mesh/records/fhir", batch)));
    }

    [Fact]
    public async Task Write_APeerCreatesAConsentForItself_NothingIsWrittenAndNothingOpens()
    {
        var patient = await PermittedPatientAsync();
        var secret = (await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{patient}", label: "PSY"))).Id;

        var grab = await host.As(Peer).PostAsync("mesh/records/fhir/Consent", Samples.Consent(patient, "org-b"));

        Assert.Equal((403, "peer-read-only"), (grab.Status, grab.Code));
        Assert.Equal(404, (await host.As(Peer).GetAsync($"mesh/records/fhir/Observation/{secret}")).Status);
        Assert.Equal(1, (await host.Client.GetAsync($"fhir/Consent?patient={patient}")).Total);
    }

    [Theory]
    [InlineData("Patient/{0}")]
    [InlineData("Patient/{0}/_history")]
    [InlineData("Patient/{0}/$everything")]
    [InlineData("Observation?patient={0}")]
    public async Task Read_FromAPeer_IsDecidedByConsent(string path)
    {
        var patient = await PermittedPatientAsync();

        Assert.Equal(200, (await host.As(Peer).GetAsync($"mesh/records/fhir/{string.Format(null, path, patient)}")).Status);
    }

    private static async Task<(int, string?)> CodeAsync(Task<FhirResponse> answer) => ((await answer).Status, (await answer).Code);

    /// <summary>A patient that permits clinic-b all but psychiatry.</summary>
    private async Task<string> PermittedPatientAsync()
    {
        var id = (await host.Client.PostAsync("fhir/Patient", Samples.Patient())).Id;
        Assert.Equal(201, (await host.Client.PostAsync("fhir/Consent", Samples.Consent(id, "org-b", except: "PSY"))).Status);
        await host.ConsentsAppliedAsync();
        return id;
    }
}
