using System.Text.Json.Nodes;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Tests.Audit;

/// <summary>The audit as it is read, with the site's ledger.</summary>
public sealed class AuditTrailTests : IAsyncLifetime
{
    private static readonly Caller Auditor = RecordsHost.User("auditor", "auditor", "user/AuditEvent.s");

    private readonly RecordsHost _host = new() { WithLedger = true };

    public ValueTask InitializeAsync() => _host.InitializeAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Search_ReturnsSomeAndHidesOthers_StandsInTheAuditOfEachPatient()
    {
        var shown = (await _host.Client.PostAsync("fhir/Patient", Samples.Patient("Mixed"))).Id;
        var hidden = (await _host.Client.PostAsync("fhir/Patient", Samples.Patient("Mixed"))).Id;
        await _host.Client.PostAsync("fhir/Consent", Samples.Consent(hidden, new JsonObject { ["type"] = "deny", ["actor"] = Samples.Actor("org-a") }));
        await _host.ConsentsAppliedAsync();

        var found = await _host.Client.GetAsync("fhir/Patient?name=mixed");
        Assert.Equal(shown, Assert.Single(found.Resources)["id"]!.ToString());
        var receipt = await ReceiptAsync(found, RecordsHost.Practitioner);
        Assert.Equal("Success", receipt["outcome"]!.ToString());
        Assert.DoesNotContain("deny", receipt["decisions"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(2, receipt["ledger"]!["entries"]!.AsArray().Count);

        Assert.Equal(["0"], await OutcomesAsync(shown, "search-type"));
        Assert.Equal(["4"], await OutcomesAsync(hidden, "search-type"));
        Assert.Contains($"Consent/", (await ReceiptAsync(found, Auditor))["decisions"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receipt_OfSeveralDecisions_NamesThemAllAndIsReadByItsOwnCallerAlone()
    {
        var ids = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            ids.Add((await _host.Client.PostAsync("fhir/Patient", Samples.Patient("Several"))).Id);
        }

        var own = _host.As(RecordsHost.User("self", "patient", "patient/*.cruds") with { Patient = ids[0] });
        var read = await own.GetAsync($"fhir/Patient/{ids[0]}");
        Assert.Equal("local:own-record", (await ReceiptAsync(read, RecordsHost.User("self", "patient", "patient/*.cruds") with { Patient = ids[0] }))["decision"]!["rule"]!.ToString());
        var elsewhere = RecordsHost.Practitioner with { Site = "clinic-b" };
        var mine = await _host.Client.GetAsync($"fhir/Patient/{ids[1]}");
        Assert.Equal(404, (await _host.As(elsewhere).GetAsync($"receipts/{mine.Headers["X-EdgeMesh-Receipt"]}")).Status);
        Assert.Equal("local:role", (await ReceiptAsync(mine, RecordsHost.Practitioner))["decision"]!["rule"]!.ToString());
    }

    [Fact]
    public async Task Receipt_OfWhatIsHidden_ReadsToItsCallerAsThatOfAnUnknownId()
    {
        var hidden = (await _host.Client.PostAsync("fhir/Patient", Samples.Patient("Hidden"))).Id;
        await _host.Client.PostAsync("fhir/Consent", Samples.Consent(hidden, new JsonObject { ["type"] = "deny", ["actor"] = Samples.Actor("org-a") }));
        await _host.ConsentsAppliedAsync();

        var denied = await ReceiptAsync(await _host.Client.GetAsync($"fhir/Patient/{hidden}"), RecordsHost.Practitioner);
        var unknown = await ReceiptAsync(await _host.Client.GetAsync("fhir/Patient/clinic-a-00000000000000000000"), RecordsHost.Practitioner);
        Assert.Equal((unknown["outcome"]!.ToString(), unknown["decisions"]!.ToJsonString()), (denied["outcome"]!.ToString(), denied["decisions"]!.ToJsonString()));
        Assert.Equal("Denied", (await ReceiptAsync(await _host.Client.GetAsync($"fhir/Patient/{hidden}"), Auditor))["outcome"]!.ToString());
    }

    private async Task<JsonNode> ReceiptAsync(FhirResponse answer, Caller reader)
    {
        while (true)
        {
            var receipt = await _host.As(reader).GetAsync($"receipts/{answer.Headers["X-EdgeMesh-Receipt"]}");
            if (receipt.Status != 202)
            {
                Assert.Equal(200, receipt.Status);
                return receipt.Json;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private async Task<IReadOnlyList<string>> OutcomesAsync(string patient, string interaction) =>
        [.. (await _host.As(Auditor).GetAsync($"fhir/AuditEvent?patient={patient}")).Resources
            .Where(e => e["subtype"]![0]!["code"]!.ToString() == interaction).Select(e => e["outcome"]!.ToString())];
}
