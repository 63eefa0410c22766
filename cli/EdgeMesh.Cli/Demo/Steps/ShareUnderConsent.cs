using System.Text.Json.Nodes;
using EdgeMesh.Cli.Clients;

namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class ShareUnderConsent : DemoStep
{
    private static readonly TimeSpan ShareLimit = TimeSpan.FromSeconds(30);

    public override string Name => "consent";

    public override string? After => "denied";

    public override string Shows => "The patient permits clinic B, except psychiatric notes: clinic B reads the rest, with a receipt that proves why";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var consent = await mesh.Patient(mesh.ClinicA).CreateAsync(Permit(mesh.PatientId, mesh.Site(mesh.ClinicB).Organization), cancellation);
        if (consent.Code != 201)
        {
            return StepOutcome.Of(false, $"the consent was not taken: {consent.Code} {consent.Text}", ("status", consent.Code));
        }

        var clinicB = mesh.Practitioner(mesh.ClinicB);
        var read = await mesh.UntilAsync(() => clinicB.GetAsync($"fhir/Patient/{mesh.PatientId}", cancellation), a => a.Code == 200, ShareLimit, cancellation);
        var atA = await Observations(mesh.Practitioner(mesh.ClinicA), mesh.PatientId, cancellation);
        var atB = await mesh.UntilAsync(() => Observations(clinicB, mesh.PatientId, cancellation), found => found.Count >= atA.Count - 1, ShareLimit, cancellation);
        var note = await clinicB.GetAsync($"fhir/Observation/{mesh.NoteId}", cancellation);
        var isExact = atA.Contains(mesh.NoteId) && atB.SetEquals(atA.Where(id => id != mesh.NoteId));
        var (id, receipt) = await mesh.UntilAsync(() => ReadWithReceiptAsync(mesh, clinicB, cancellation), r => r.Receipt.Body?["decision"]?["consent"] is not null, ShareLimit, cancellation);
        var hasProof = receipt.Code == 200 && receipt.Body?["ledger"]?["proof"] is not null && receipt.Body["decision"]?["consent"] is not null;
        return StepOutcome.Of(read.Code == 200 && isExact && note.Code == 404 && hasProof,
            $"clinic-b reads the patient ({read.Code}) and {atB.Count} of {atA.Count} observations, the note answers {note.Code}; receipt {id ?? "missing"}: {Sentence(receipt)}",
            ("patient", read.Code), ("observationsAtOwner", atA.Count), ("observationsShared", atB.Count), ("note", note.Code), ("receipt", id), ("decision", receipt.Body));
    }

    /// <summary>Reads the patient once more, and its receipt when the ledger has it. While the copy is under way the owner decides.</summary>
    private static async Task<(string? Id, FhirAnswer Receipt)> ReadWithReceiptAsync(DemoMesh mesh, FhirClient client, CancellationToken cancellation)
    {
        var id = (await client.GetAsync($"fhir/Patient/{mesh.PatientId}", cancellation)).Receipt;
        return (id, await mesh.UntilAsync(() => client.GetAsync($"receipts/{id ?? "none"}", cancellation), a => a.Code != 202, ShareLimit, cancellation));
    }

    private static string Sentence(FhirAnswer receipt) =>
        receipt.Body is { } body && body["decision"] is { } decision
            ? $"{decision["consent"]} version {decision["version"]}, rule {decision["rule"]}, ledger entry {body["ledger"]?["index"]}{(body["ledger"]?["proof"] is null ? "" : " with its proof")}"
            : $"no receipt ({receipt.Code})";

    private static async Task<HashSet<string>> Observations(FhirClient client, string patient, CancellationToken cancellation) =>
        [.. (await client.SearchAllAsync($"Observation?patient={patient}&_count=100", cancellation)).Select(o => o["id"]!.ToString())];

    private static JsonObject Permit(string patient, string organization) => new()
    {
        ["resourceType"] = "Consent",
        ["status"] = "active",
        ["scope"] = Coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        ["category"] = new JsonArray(Coded("http://loinc.org", "59284-0")),
        ["patient"] = new JsonObject { ["reference"] = $"Patient/{patient}" },
        ["dateTime"] = "2026-01-01",
        ["policyRule"] = Coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
        ["provision"] = new JsonObject
        {
            ["type"] = "permit",
            ["actor"] = new JsonArray(new JsonObject
            {
                ["role"] = Coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
                ["reference"] = new JsonObject { ["identifier"] = new JsonObject { ["value"] = organization } },
            }),
            ["purpose"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-ActReason", ["code"] = "TREAT" }),
            ["provision"] = new JsonArray(new JsonObject
            {
                ["type"] = "deny",
                ["securityLabel"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-ActCode", ["code"] = "PSY" }),
            }),
        },
    };

    private static JsonObject Coded(string system, string code) =>
        new() { ["coding"] = new JsonArray(new JsonObject { ["system"] = system, ["code"] = code }) };
}
