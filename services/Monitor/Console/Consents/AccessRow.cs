using System.Text.Json;

namespace EdgeMesh.Services.Monitor.Console.Consents;

/// <summary>One access to a patient's records, from an AuditEvent.</summary>
internal sealed record AccessRow(string Recorded, string Who, string Roles, string Site, string What, string Purpose, string Outcome, IReadOnlyList<(string Effect, string Rule)> Rules)
{
    private const int MostRules = 20;

    public bool IsDenied => Outcome == "Denied";

    /// <summary>Of a bundle; what is no AuditEvent is passed over.</summary>
    public static IReadOnlyList<AccessRow> ReadAll(JsonElement bundle) => bundle.ValueKind != JsonValueKind.Object
        ? []
        : [.. Items(bundle, "entry").Select(e => Get(e, "resource")).Where(r => Text(r, "resourceType") == "AuditEvent").Select(Read)];

    private static AccessRow Read(JsonElement audit)
    {
        var agents = Items(audit, "agent").ToArray();
        var user = agents.FirstOrDefault(a => Get(a, "requestor").ValueKind == JsonValueKind.True);
        var rules = Items(audit, "entity").SelectMany(e => Items(e, "detail")).Where(d => Text(d, "type") is "rule" or "denied")
            .Select(d => (Text(d, "type") == "denied" ? "deny" : "permit", Text(d, "valueString"))).Distinct().Take(MostRules);
        return new AccessRow(
            Text(audit, "recorded"),
            Text(Get(Get(user, "who"), "identifier"), "value"),
            string.Join(", ", Items(user, "role").Select(r => Text(r, "text"))),
            Text(Get(audit, "source"), "site"),
            string.Join(", ", Items(audit, "subtype").Select(s => Text(s, "code"))),
            string.Join(", ", Items(audit, "purposeOfEvent").SelectMany(p => Items(p, "coding")).Select(c => Text(c, "code"))),
            Text(audit, "outcomeDesc"),
            [.. rules]);
    }

    private static JsonElement Get(JsonElement from, string name) => from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var value) ? value : default;

    private static string Text(JsonElement from, string name) => Get(from, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : "";

    private static IEnumerable<JsonElement> Items(JsonElement from, string name) => Get(from, name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];
}
