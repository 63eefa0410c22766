using System.Text.Json.Nodes;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Tests.Interactions;

/// <summary>What a writer may not see answers a write as if it were not there.</summary>
public sealed class WriteDenialTests(RecordsHost host)
{
    private const string Nobody = "clinic-a-00000000000000000000";

    [Theory]
    [InlineData("transaction")]
    [InlineData("batch")]
    public async Task Bundle_WritesOfTypesThatAreNotKept_AreRefusedAsSingleOnesAre(string kind)
    {
        foreach (var (type, resource) in NotKept())
        {
            var single = await host.Client.PostAsync($"fhir/{type}", resource.DeepClone());
            var bundled = await host.Client.PostAsync("fhir", Samples.Bundle(kind, ("POST", type, resource.DeepClone(), null)));
            var outcome = kind == "batch" ? bundled.Entries[0]["response"]!["outcome"]! : bundled.Json;

            Assert.InRange(single.Status, 400, 404);
            Assert.Equal(single.Status.ToString(), kind == "batch" ? bundled.Entries[0]["response"]!["status"]!.ToString() : bundled.Status.ToString());
            Assert.Equal(single.Code, outcome["issue"]![0]!["details"]!["coding"]![0]!["code"]!.ToString());
        }
    }

    [Fact]
    public async Task Reference_ToWhatTheWriterMayNotRead_AnswersAsAnUnknownOne()
    {
        var hidden = await PatientAsync("hidden-reference", Deny());
        var shown = await PatientAsync("shown-reference", null);

        var byId = await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{hidden}"));
        var unknownId = await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{Nobody}"));
        Assert.Equal((422, unknownId.Text.Replace(Nobody, hidden, StringComparison.Ordinal)), (byId.Status, byId.Text));
        var byCondition = await ConditionAsync("identifier=urn:test|hidden-reference");
        var unknownCondition = await ConditionAsync("identifier=urn:test|nobody-at-all");
        Assert.Equal((422, unknownCondition.Text.Replace("nobody-at-all", "hidden-reference", StringComparison.Ordinal)), (byCondition.Status, byCondition.Text));
        var both = await ConditionAsync("identifier=urn:test|hidden-reference,urn:test|shown-reference");
        Assert.Equal(200, both.Status);
        Assert.Equal(1, (await host.Client.GetAsync($"fhir/Observation?patient={shown}")).Total);
    }

    [Fact]
    public async Task Create_WhatAConsentRefuses_AnswersAsForAnUnknownPatient()
    {
        var id = await PatientAsync("partly-hidden", Permit(new JsonObject { ["type"] = "deny", ["securityLabel"] = new JsonArray(new JsonObject { ["code"] = "PSY" }) }));
        Assert.Equal(201, (await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}"))).Status);

        var refused = await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}", label: "PSY"));
        var unknown = await host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{Nobody}", label: "PSY"));
        Assert.Equal((422, unknown.Text.Replace(Nobody, id, StringComparison.Ordinal)), (refused.Status, refused.Text));
        var refusedInBundle = await BundleAsync($"Patient/{id}");
        var unknownInBundle = await BundleAsync($"Patient/{Nobody}");
        Assert.Equal((422, unknownInBundle.Text.Replace(Nobody, id, StringComparison.Ordinal)), (refusedInBundle.Status, refusedInBundle.Text));
        Assert.Equal(await ReceiptAsync(unknown), await ReceiptAsync(refused));
    }

    [Fact]
    public async Task Condition_ThatMatchesWhatIsHidden_AnswersAsSeveralDoAndIsLimited()
    {
        await PatientAsync("hidden-match", Deny());
        await PatientAsync("two-matches", null);
        await PatientAsync("two-matches", null);
        var caller = host.As(RecordsHost.User("prober", "practitioner", "user/*.cruds"));
        Task<FhirResponse> Create(string identifier) => caller.PostAsync("fhir/Patient", Samples.Patient(), ("If-None-Exist", $"identifier=urn:test|{identifier}"));

        var several = await Create("two-matches");
        var hidden = await Create("hidden-match");
        Assert.Equal((412, several.Text.Replace("two-matches", "hidden-match", StringComparison.Ordinal)), (hidden.Status, hidden.Text));
        Assert.Equal(await ReceiptAsync(several, "prober"), await ReceiptAsync(hidden, "prober"));
        var last = hidden;
        for (var i = 0; i < 100 && last.Status == 412; i++)
        {
            last = await Create("hidden-match");
        }

        Assert.Equal((429, "conditions-limited"), (last.Status, last.Code));
        Assert.InRange(int.Parse(last.Headers["Retry-After"]), 1, 60);
        Assert.Equal(429, (await Create("nobody-has-this")).Status);
        Assert.Equal(201, (await caller.PostAsync("fhir/Patient", Samples.Patient())).Status);
    }

    private static IEnumerable<(string Type, JsonNode Resource)> NotKept()
    {
        yield return ("AuditEvent", JsonNode.Parse("""
            {"resourceType":"AuditEvent","type":{"code":"rest"},"recorded":"2026-11-01T00:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"forged"}}}
            """)!);
        yield return ("Parameters", JsonNode.Parse("""{"resourceType":"Parameters","parameter":[{"name":"x","valueString":"y"}]}""")!);
        yield return ("CapabilityStatement", JsonNode.Parse("""
            {"resourceType":"CapabilityStatement","status":"draft","date":"2026-11-01","kind":"requirements","fhirVersion":"4.0.1","format":["json"]}
            """)!);
    }

    private Task<FhirResponse> BundleAsync(string patient) => host.Client.PostAsync("fhir", Samples.Bundle("transaction",
        ("POST", "Observation", Samples.Observation(patient), null), ("POST", "Observation", Samples.Observation(patient, label: "PSY"), null)));

    private Task<FhirResponse> ConditionAsync(string condition) =>
        host.Client.PostAsync("fhir", Samples.Bundle("transaction", ("POST", "Observation", Samples.Observation($"Patient?{condition}"), null)));

    private async Task<string> PatientAsync(string identifier, JsonObject? provision)
    {
        var id = (await host.Client.PostAsync("fhir/Patient", Samples.Patient(identifier: identifier))).Id;
        if (provision is not null)
        {
            Assert.Equal(201, (await host.Client.PostAsync("fhir/Consent", Samples.Consent(id, provision))).Status);
            await host.ConsentsAppliedAsync();
        }

        return id;
    }

    private static JsonObject Deny() => new() { ["type"] = "deny", ["actor"] = Samples.Actor("org-a") };

    private static JsonObject Permit(JsonObject exception) => new() { ["type"] = "permit", ["actor"] = Samples.Actor("org-a"), ["provision"] = new JsonArray(exception) };

    /// <summary>What the writer's receipt tells, but for its place and time.</summary>
    private async Task<string> ReceiptAsync(FhirResponse answer, string subject = "dr-who")
    {
        var receipt = (await host.As(RecordsHost.User(subject, "practitioner", "user/*.cruds")).GetAsync($"receipts/{answer.Headers["X-EdgeMesh-Receipt"]}")).Json.AsObject();
        receipt.Remove("id");
        receipt.Remove("recorded");
        return receipt.ToJsonString();
    }
}
