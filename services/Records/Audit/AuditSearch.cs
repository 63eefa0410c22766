using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Interactions;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>The audit as auditors and patients read it: <c>GET /fhir/AuditEvent?patient=…</c>, newest first. Events appear once the ledger
/// has them.</summary>
internal sealed class AuditSearch(AuditReader reader, AuditProgress progress, Keyring.Keyring keyring)
{
    public const string Type = "AuditEvent";

    public const string Usage = "The audit is read by GET AuditEvent?patient=ID (and _count): one patient's events, newest first.";

    private const int DefaultCount = 50;
    private const int CountLimit = 200;

    public async Task<FhirAnswer> AnswerAsync(FhirRequest request, CancellationToken cancellation)
    {
        var patient = request.Query.FirstOrDefault(p => p.Key == "patient").Value?.Split('/')[^1];
        if (request.Interaction != Interaction.Search || string.IsNullOrEmpty(patient) || request.Query.Any(p => p.Key is not ("patient" or "_count")))
        {
            return FhirAnswer.Fault(400, "not-supported", "audit-search", Usage);
        }

        if (!MayRead(request.Caller, patient))
        {
            return FhirAnswer.Fault(403, "forbidden", "access-refused", "A patient's audit is for auditors and the patient, with the scope AuditEvent.s.");
        }

        var count = int.TryParse(request.Query.FirstOrDefault(p => p.Key == "_count").Value, CultureInfo.InvariantCulture, out var given) ? given : DefaultCount;
        var bundle = await SearchAsync(patient, count, cancellation);
        return new FhirAnswer(200) { Body = Encoding.UTF8.GetBytes(bundle.ToJsonString()) };
    }

    /// <summary>Whether a caller may read a patient's audit (EHDS article 9: the patient may).</summary>
    private static bool MayRead(Caller caller, string patient) =>
        caller.Kind == CallerKind.User && caller.ForwardedBy is null
        && (caller.Roles.Contains("auditor") || caller.Roles.Contains("admin") || caller.Patient == patient)
        && caller.Allows(Type, ScopeActions.Search);

    private async Task<JsonObject> SearchAsync(string patient, int count, CancellationToken cancellation)
    {
        var entries = new JsonArray();
        foreach (var (kind, at) in progress.OfPatient(keyring.Pseudonym("patient", patient), Math.Clamp(count, 1, CountLimit)))
        {
            if (reader.Find(kind) is { } journal && await reader.ReadAsync(journal, at, cancellation) is JsonObject audit)
            {
                audit["id"] = $"{kind}.{at}";
                entries.Add(new JsonObject { ["resource"] = audit, ["search"] = new JsonObject { ["mode"] = "match" } });
            }
        }

        return new JsonObject { ["resourceType"] = "Bundle", ["type"] = "searchset", ["total"] = entries.Count, ["entry"] = entries };
    }
}
