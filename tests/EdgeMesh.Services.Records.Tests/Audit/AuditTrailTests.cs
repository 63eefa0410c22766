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

    [Fact]
    public async Task Search_OfManyEvents_PagesThroughAllOnce()
    {
        var id = (await _host.Client.PostAsync("fhir/Patient", Samples.Patient())).Id;
        FhirResponse last = null!;
        for (var i = 0; i < 6; i++)
        {
            last = await _host.Client.GetAsync($"fhir/Patient/{id}");
        }

        await ReceiptAsync(last, RecordsHost.Practitioner);
        await EventsAsync(id, 7);
        var page = await _host.As(Auditor).GetAsync($"fhir/AuditEvent?patient={id}&_count=3");
        Assert.Equal((3, (int?)null), (page.Entries.Count, page.Total));
        var rest = await _host.As(Auditor).PagesAsync(page.Next!);
        Assert.Equal(7, page.Resources.Concat(rest).Select(e => e["id"]!.ToString()).Distinct().Count());
        Assert.Equal(4, rest.Count);
        Assert.Equal("cursor-invalid", (await _host.As(RecordsHost.User("other", "auditor", "user/AuditEvent.s")).GetAsync(page.Next!)).Code);
    }

    [Fact]
    public async Task Restart_WithoutTheFile_FindsEveryEventInTheLedgerAgain()
    {
        var (id, receipts) = ((await _host.Client.PostAsync("fhir/Patient", Samples.Patient())).Id, new List<FhirResponse>());
        for (var i = 0; i < 8; i++)
        {
            // One after the other, and of both journals in turn: more stretches than the ledger remembers of a producer.
            receipts.Add(i % 2 == 0 ? await _host.Client.GetAsync($"fhir/Patient/{id}") : await _host.Client.PostAsync("fhir/Observation", Samples.Observation($"Patient/{id}")));
            await ReceiptAsync(receipts[^1], RecordsHost.Practitioner);
        }

        var before = await EventsAsync(id, 9);
        await _host.Host.StopAppAsync(RecordsApp.AppId);
        var files = Directory.GetFiles(_host.Host.DataDirectory, "receipts.db*", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        Array.ForEach(files, File.Delete);
        await _host.Host.StartAppAsync(RecordsApp.AppId, TestContext.Current.CancellationToken);

        Assert.Equal(before, await EventsAsync(id, 9));
        foreach (var receipt in receipts)
        {
            Assert.NotNull((await ReceiptAsync(receipt, RecordsHost.Practitioner))["ledger"]!["proof"]);
        }
    }

    /// <summary>The patient's events, once there are so many.</summary>
    private async Task<List<string>> EventsAsync(string patient, int count)
    {
        var found = await _host.As(Auditor).GetUntilAsync($"fhir/AuditEvent?patient={patient}&_count=100", answer =>
        {
            Assert.Contains(answer.Status, (int[])[200, 503]);
            return answer.Status == 200 && answer.Entries.Count >= count;
        });
        Assert.Equal(count, found.Entries.Count);
        return [.. found.Resources.Select(e => e["id"]!.ToString())];
    }

    private async Task<JsonNode> ReceiptAsync(FhirResponse answer, Caller reader)
    {
        var receipt = await _host.As(reader).GetUntilAsync($"receipts/{answer.Headers["X-EdgeMesh-Receipt"]}", a => a.Status != 202);
        Assert.Equal(200, receipt.Status);
        return receipt.Json;
    }

    private async Task<IReadOnlyList<string>> OutcomesAsync(string patient, string interaction) =>
        [.. (await _host.As(Auditor).GetAsync($"fhir/AuditEvent?patient={patient}")).Resources
            .Where(e => e["subtype"]![0]!["code"]!.ToString() == interaction).Select(e => e["outcome"]!.ToString())];
}
