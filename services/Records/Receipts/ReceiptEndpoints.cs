using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Store;

namespace EdgeMesh.Services.Records.Receipts;

/// <summary><c>GET /receipts/{id}</c>: what was decided and why, and where the ledger proves it. 202 until the event is logged.</summary>
internal static class ReceiptEndpoints
{
    public static void MapReceipts(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/receipts/{id}", async (HttpContext context, string id, RecordsOpener opener, AppClients apps, CancellationToken cancellation) =>
            opener.Store is { Audit: var audit }
                ? await AnswerAsync(context, id, audit.Reader, audit.Progress, apps, cancellation)
                : Problems.Problem(StatusCodes.Status503ServiceUnavailable, "not-ready", "The records are being opened.", "Ask again in a second."));

    private static async Task<IResult> AnswerAsync(
        HttpContext context, string id, AuditReader reader, AuditProgress progress, AppClients apps, CancellationToken cancellation)
    {
        if (context.GetCaller() is not { Kind: CallerKind.User } caller)
        {
            return Problems.Problem(StatusCodes.Status403Forbidden, "receipt-forbidden", "Receipts are for users.", "Come through the gateway with a token.");
        }

        var dot = id.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || !Position.TryParse(id[(dot + 1)..], out var at) || reader.Find(id[..dot]) is not { } journal
            || await reader.ReadAsync(journal, at, cancellation) is not { } audit || !MayRead(caller, audit))
        {
            return Problems.Problem(StatusCodes.Status404NotFound, "receipt-unknown", "There is no such receipt.", "A receipt's id is in the header X-EdgeMesh-Receipt of the answer that it belongs to.");
        }

        var (consent, version, rule) = Split(audit);
        var receipt = new JsonObject
        {
            ["id"] = id,
            ["recorded"] = audit["recorded"]?.GetValue<string>(),
            ["outcome"] = audit["outcomeDesc"]?.GetValue<string>(),
            ["decision"] = new JsonObject { ["consent"] = consent, ["version"] = version, ["rule"] = rule },
        };
        if (progress.IndexOf(journal.Name, at) is not { } index)
        {
            receipt["ledger"] = null;
            return Results.Text(receipt.ToJsonString(), "application/json", statusCode: StatusCodes.Status202Accepted);
        }

        using var proof = await apps.Get("ledger").GetAsync($"ledger/proof/{index}", cancellation);
        receipt["ledger"] = new JsonObject
        {
            ["index"] = index,
            ["proof"] = proof.IsSuccessStatusCode ? await proof.Content.ReadAsStringAsync(cancellation) : null,
        };
        return Results.Text(receipt.ToJsonString(), "application/json", statusCode: proof.IsSuccessStatusCode ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }

    /// <summary>Whoever asked, the patient it was about, and those who watch over access.</summary>
    private static bool MayRead(Caller caller, JsonNode audit)
    {
        if (caller.Roles.Contains("auditor") || caller.Roles.Contains("admin"))
        {
            return true;
        }

        var user = audit["agent"]?.AsArray().FirstOrDefault(a => a?["requestor"]?.GetValue<bool>() == true)?["who"]?["identifier"]?["value"]?.GetValue<string>();
        return user == caller.Subject || caller.Patient is { } patient && Patient(audit) == $"Patient/{patient}";
    }

    private static string? Patient(JsonNode audit) =>
        audit["entity"]?.AsArray().FirstOrDefault(e => e?["type"]?["code"]?.GetValue<string>() == "1")?["what"]?["reference"]?.GetValue<string>();

    /// <summary><c>Consent/{id}/_history/{version}#{rule}</c>, or a rule of the site without a consent.</summary>
    private static (string? Consent, string? Version, string? Rule) Split(JsonNode audit)
    {
        var reference = audit["entity"]?.AsArray().Select(e => e?["detail"]?[0]?["valueString"]?.GetValue<string>()).OfType<string>().FirstOrDefault();
        if (reference?.Split('#') is not [var consent, var rule])
        {
            return (null, null, reference);
        }

        return consent.Split("/_history/") is [var id, var version] ? (id, version, rule) : (null, null, reference);
    }
}
