using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Interactions;
using EdgeMesh.Services.Records.Search;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>The audit as auditors and patients read it: <c>GET /fhir/AuditEvent?patient=…</c>, newest first. Events appear once the ledger
/// has them.</summary>
internal sealed class AuditSearch(AuditReader reader, AuditProgress progress, Keyring.Keyring keyring, CursorSeal cursors)
{
    public const string Type = "AuditEvent";

    public const string Usage = "The audit is read by GET AuditEvent?patient=ID (and _count): one patient's events, newest first.";

    private const int DefaultCount = 50;
    private const int CountLimit = 200;

    public async Task<FhirAnswer> AnswerAsync(FhirRequest request, CancellationToken cancellation)
    {
        var (cursor, fault) = ReadCursor(request);
        if (cursor is null)
        {
            return fault!;
        }

        if (!MayRead(request.Caller, cursor.Query))
        {
            return FhirAnswer.Fault(403, "forbidden", "access-refused", "A patient's audit is for auditors and the patient, with the scope AuditEvent.s.");
        }

        var bundle = await SearchAsync(request, cursor, cancellation);
        return new FhirAnswer(200) { Body = Encoding.UTF8.GetBytes(bundle.ToJsonString()) };
    }

    /// <summary>Where the caller is: the cursor's query is the patient's id, and its place the ledger's entry that was given last.</summary>
    private (Cursor? Cursor, FhirAnswer? Fault) ReadCursor(FhirRequest request)
    {
        if (request.Query.FirstOrDefault(p => p.Key == SearchInteraction.CursorParameter).Value is { } text)
        {
            return cursors.Open(text, request.Caller) is { Path: Type } known ? (known, null) : (null, SearchInteraction.BadCursor());
        }

        var patient = request.Query.FirstOrDefault(p => p.Key == "patient").Value?.Split('/')[^1];
        if (string.IsNullOrEmpty(patient) || request.Query.Any(p => p.Key is not ("patient" or "_count" or "_format" or "_pretty")))
        {
            return (null, FhirAnswer.Fault(400, "not-supported", "audit-search", Usage));
        }

        var count = int.TryParse(request.Query.FirstOrDefault(p => p.Key == "_count").Value, CultureInfo.InvariantCulture, out var given) ? given : DefaultCount;
        return (new Cursor(Type, patient, Math.Clamp(count, 1, CountLimit), long.MaxValue, long.MaxValue, null), null);
    }

    /// <summary>Whether a caller may read a patient's audit (EHDS article 9: the patient may).</summary>
    private static bool MayRead(Caller caller, string patient) =>
        caller.Kind == CallerKind.User && caller.ForwardedBy is null
        && (caller.Roles.Contains("auditor") || caller.Roles.Contains("admin") || caller.Patient == patient)
        && caller.Allows(Type, ScopeActions.Search);

    /// <summary>No total: events whose keys were destroyed are not among the matches, and only opening tells which those are.</summary>
    private async Task<JsonObject> SearchAsync(FhirRequest request, Cursor cursor, CancellationToken cancellation)
    {
        var (entries, place) = (new JsonArray(), $"{request.Base}/{Type}");
        var found = progress.OfPatient(keyring.Pseudonym("patient", cursor.Query), cursor.After, cursor.Count + 1);
        foreach (var (kind, at, _) in found.Take(cursor.Count))
        {
            if (reader.Find(kind) is { } journal && await reader.ReadAsync(journal, at, cancellation) is JsonObject audit)
            {
                audit["id"] = $"{kind}.{at}";
                entries.Add(new JsonObject { ["resource"] = audit, ["search"] = new JsonObject { ["mode"] = "match" } });
            }
        }

        var links = new JsonArray(Link("self", $"{place}?patient={Uri.EscapeDataString(cursor.Query)}&_count={cursor.Count.ToString(CultureInfo.InvariantCulture)}"));
        if (found.Count > cursor.Count)
        {
            links.Add((JsonNode)Link("next", $"{place}?{SearchInteraction.CursorParameter}={cursors.Seal(cursor with { After = found[cursor.Count - 1].Entry }, request.Caller)}"));
        }

        return new JsonObject { ["resourceType"] = "Bundle", ["type"] = "searchset", ["link"] = links, ["entry"] = entries };
    }

    private static JsonObject Link(string relation, string url) => new() { ["relation"] = relation, ["url"] = url };
}
