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
        IReadOnlyList<(Position At, JsonNode Event)> parts = dot > 0 && Position.TryParse(id[(dot + 1)..], out var at) && reader.Find(id[..dot]) is { } journal
            ? [.. (await reader.ReadRequestAsync(journal, at, cancellation)).Where(p => ReceiptView.MayRead(caller, p.Event))]
            : [];
        if (parts.Count == 0)
        {
            return Problems.Problem(StatusCodes.Status404NotFound, "receipt-unknown", "There is no such receipt.", "A receipt's id is in the header X-EdgeMesh-Receipt of the answer that it belongs to.");
        }

        var receipt = ReceiptView.Write(id, caller, [.. parts.Select(p => p.Event)]);
        var indexes = parts.Select(p => progress.IndexOf(reader.Find(id[..dot])!.Name, p.At)).ToList();
        if (indexes.Contains(null))
        {
            receipt["ledger"] = null;
            return Results.Text(receipt.ToJsonString(), "application/json", statusCode: StatusCodes.Status202Accepted);
        }

        using var proof = await apps.Get("ledger").GetAsync($"ledger/proof/{indexes[0]}", cancellation);
        receipt["ledger"] = new JsonObject
        {
            ["index"] = indexes[0],
            ["proof"] = proof.IsSuccessStatusCode ? await proof.Content.ReadAsStringAsync(cancellation) : null,
            ["entries"] = new JsonArray([.. indexes.Select(i => JsonValue.Create(i))]),
        };
        return Results.Text(receipt.ToJsonString(), "application/json", statusCode: proof.IsSuccessStatusCode ? StatusCodes.Status200OK : StatusCodes.Status202Accepted);
    }
}
