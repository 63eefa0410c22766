using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Audit;

namespace EdgeMesh.Services.Records.Receipts;

/// <summary>What of a request's AuditEvents a reader of its receipt may see. The one who asked learns why something was shown, and never
/// that something was hidden: to them a denial is what it was in the answer, nothing there.</summary>
internal static class ReceiptView
{
    private const string Refused = "refused:";

    /// <summary>Whoever asked, the patient it was about, and those who watch over access.</summary>
    public static bool MayRead(Caller caller, JsonNode audit) =>
        Watches(caller) || IsAboutSelf(caller, audit) || (IsOwn(caller, audit) && (!IsDenied(audit) || IsFirst(audit)));

    /// <param name="id">The receipt's id.</param>
    /// <param name="caller">Who reads it.</param>
    /// <param name="parts">Those of the request's AuditEvents that the caller may read; at least one.</param>
    public static JsonObject Write(string id, Caller caller, IReadOnlyList<JsonNode> parts)
    {
        var (seen, decisions) = (new HashSet<string>(StringComparer.Ordinal), new JsonArray());
        var details = parts.SelectMany(p => Details(p).Where(d => Watches(caller) || IsAboutSelf(caller, p) || d.Type != AuditEventWriter.DeniedDetail));
        foreach (var (type, rule) in details)
        {
            if (seen.Add($"{type} {rule}"))
            {
                decisions.Add((JsonNode)Decision(rule, type == AuditEventWriter.DeniedDetail || rule.StartsWith(Refused, StringComparison.Ordinal)));
            }
        }

        var receipt = new JsonObject
        {
            ["id"] = id,
            ["recorded"] = parts[0]["recorded"]?.GetValue<string>(),
            ["outcome"] = Outcome(caller, parts),
        };
        if (decisions.Count <= 1)
        {
            receipt["decision"] = decisions.FirstOrDefault()?.DeepClone() ?? new JsonObject { ["consent"] = null, ["version"] = null, ["rule"] = null };
        }

        receipt["decisions"] = decisions;
        return receipt;
    }

    private static string? Outcome(Caller caller, IReadOnlyList<JsonNode> parts)
    {
        var outcomes = parts.Select(p =>
            (Watches(caller) || IsAboutSelf(caller, p) ? null : AuditReader.Extension(p, AuditEventWriter.AnsweredExtension)) ?? p["outcomeDesc"]?.GetValue<string>()).ToList();
        return outcomes.Contains(nameof(AccessOutcome.Success)) ? nameof(AccessOutcome.Success) : outcomes[0];
    }

    /// <summary><c>Consent/{id}/_history/{version}#{rule}</c>, or a rule of the site without a consent.</summary>
    private static JsonObject Decision(string reference, bool isDeny)
    {
        var (consent, rule) = reference.Split('#') is [var named, var path] ? (named.Split("/_history/"), path) : ([], reference);
        return new JsonObject
        {
            ["consent"] = consent is [var id, _] ? id : null,
            ["version"] = consent is [_, var version] ? version : null,
            ["rule"] = consent is [_, _] ? rule : reference,
            ["effect"] = isDeny ? "deny" : "permit",
        };
    }

    private static IEnumerable<(string Type, string Rule)> Details(JsonNode audit) =>
        from entity in audit["entity"]?.AsArray() ?? []
        from detail in entity?["detail"]?.AsArray() ?? []
        let type = detail?["type"]?.GetValue<string>()
        where type is AuditEventWriter.RuleDetail or AuditEventWriter.DeniedDetail
        select (type, detail["valueString"]!.GetValue<string>());

    private static bool Watches(Caller caller) => caller.Roles.Contains("auditor") || caller.Roles.Contains("admin");

    private static bool IsAboutSelf(Caller caller, JsonNode audit) => caller.Patient is { } patient && Patient(audit) == $"Patient/{patient}";

    private static bool IsOwn(Caller caller, JsonNode audit)
    {
        var user = audit["agent"]?.AsArray().FirstOrDefault(a => a?["requestor"]?.GetValue<bool>() == true)?["who"]?["identifier"];
        return user?["value"]?.GetValue<string>() == caller.Subject && user["system"]?.GetValue<string>() == AuditEventWriter.SystemOf(caller.Site);
    }

    private static bool IsDenied(JsonNode audit) => audit["outcomeDesc"]?.GetValue<string>() == nameof(AccessOutcome.Denied);

    private static bool IsFirst(JsonNode audit) => AuditReader.NumberOf(audit).Index == 0;

    private static string? Patient(JsonNode audit) =>
        audit["entity"]?.AsArray().FirstOrDefault(e => e?["type"]?["code"]?.GetValue<string>() == "1")?["what"]?["reference"]?.GetValue<string>();
}
