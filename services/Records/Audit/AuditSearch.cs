using System.Text.Json.Nodes;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>The audit as auditors and patients read it: <c>GET /fhir/AuditEvent?patient=…</c>, newest first. Events appear once the ledger
/// has them.</summary>
internal sealed class AuditSearch(AuditReader reader, AuditProgress progress, Keyring.Keyring keyring)
{
    public const int DefaultCount = 50;
    public const int CountLimit = 200;

    /// <summary>Whether a caller may read a patient's audit (EHDS article 9: the patient may).</summary>
    public static bool MayRead(Caller caller, string patient) =>
        caller.Kind == CallerKind.User && caller.ForwardedBy is null
        && (caller.Roles.Contains("auditor") || caller.Roles.Contains("admin") || caller.Patient == patient)
        && caller.Allows("AuditEvent", ScopeActions.Search);

    public async Task<JsonObject> SearchAsync(string patient, int count, CancellationToken cancellation)
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
