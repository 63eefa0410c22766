using System.Text.Json.Nodes;
using EdgeMesh.Cli.Clients;

namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class DenyWithoutConsent : DemoStep
{
    private const string NoSuchPatient = "clinic-a-00000000000000000000";

    private static readonly TimeSpan AuditLimit = TimeSpan.FromSeconds(20);

    public override string Name => "denied";

    public override string? After => "load";

    public override string Shows => "Clinic B asks for clinic A's patient without consent: it sees nothing, not even that there is one, and both ends have it in their audit";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        mesh.NoteId = (await mesh.Practitioner(mesh.ClinicA).CreateAsync(PsychiatricNote(mesh.PatientId), cancellation)).Id ?? string.Empty;
        var clinicB = mesh.Practitioner(mesh.ClinicB);
        var read = await clinicB.GetAsync($"fhir/Patient/{mesh.PatientId}", cancellation);
        var unknown = await clinicB.GetAsync($"fhir/Patient/{NoSuchPatient}", cancellation);
        var search = await clinicB.GetAsync($"fhir/Observation?patient={mesh.PatientId}", cancellation);
        var isSilent = read.Code == 404 && search.Matches.Count == 0 && read.Text.Replace(mesh.PatientId, NoSuchPatient, StringComparison.Ordinal) == unknown.Text;
        var auditedAtA = await DenialsAsync(mesh, mesh.ClinicA, cancellation);
        var auditedAtB = await DenialsAsync(mesh, mesh.ClinicB, cancellation);
        return StepOutcome.Of(isSilent && auditedAtA > 0 && auditedAtB > 0 && mesh.NoteId.Length > 0,
            $"read: {read.Code}, {(isSilent ? "the same bytes as for an unknown id" : "but not what an unknown id answers")}; search: {search.Matches.Count} matches; denials in the audit: {auditedAtA} at clinic-a, {auditedAtB} at clinic-b",
            ("status", read.Code), ("sameAsUnknown", isSilent), ("matches", search.Matches.Count), ("auditedAtOwner", auditedAtA), ("auditedAtAsker", auditedAtB));
    }

    private static async Task<int> DenialsAsync(DemoMesh mesh, string site, CancellationToken cancellation) => await mesh.UntilAsync(
        async () => (await AuditTrail.OfPatientAsync(mesh.Auditor(site), mesh.PatientId, cancellation)).Count(e => e["outcome"]?.ToString() == "4"),
        count => count > 0, AuditLimit, cancellation);

    private static JsonObject PsychiatricNote(string patient) => new()
    {
        ["resourceType"] = "Observation",
        ["meta"] = new JsonObject
        {
            ["security"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/v3-ActCode", ["code"] = "PSY" }),
        },
        ["status"] = "final",
        ["code"] = new JsonObject { ["text"] = "Psychiatric note" },
        ["subject"] = new JsonObject { ["reference"] = $"Patient/{patient}" },
        ["valueString"] = "Sleeps badly since spring.",
    };
}
