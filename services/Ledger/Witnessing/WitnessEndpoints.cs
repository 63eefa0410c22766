using System.Globalization;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Services.Ledger.Hosting;
using EdgeMesh.Services.Ledger.Writing;

namespace EdgeMesh.Services.Ledger.Witnessing;

/// <summary>This site as a witness of the others' ledgers (C2SP tlog-witness).</summary>
internal static partial class WitnessEndpoints
{
    private const string Text = "text/plain; charset=utf-8";
    private const string Size = "text/x.tlog.size";

    public static void MapWitness(this WebApplication app)
    {
        app.MapPost("/mesh/ledger/add-checkpoint", AddAsync);
        app.MapGet("/ledger/witness/{site}", ReadAsync);
        app.MapGet("/mesh/ledger/witness/{site}", ReadAsync);
    }

    private static async Task<IResult> AddAsync(HttpContext context, LedgerOpener opener, ILogger<Witness> logger, CancellationToken cancellation)
    {
        if (opener.Store is not { } open)
        {
            return Answers.Loading(context, opener.Waiting);
        }

        if (await BoundedBody.ReadAsync(context.Request, AddCheckpoint.MaxLength, cancellation) is not { } body)
        {
            return Problems.Problem(StatusCodes.Status413PayloadTooLarge, "checkpoint-too-large", $"The body has more than {AddCheckpoint.MaxLength} bytes.", "Send the checkpoint with fewer signatures.");
        }

        var answer = await open.Witness.AddAsync(body, cancellation);
        if (answer is { IsSplitView: true, Log: { Other: { } other } log })
        {
            LogSplit(logger, log.Checkpoint.Origin, log.Checkpoint.Size, log.Note.ToString(), other.ToString());
        }

        return answer.Outcome switch
        {
            WitnessOutcome.Cosigned => Results.Text(answer.Cosignature!.ToString(), Text),
            WitnessOutcome.OtherSize => Results.Text((answer.Log?.Checkpoint.Size ?? 0).ToString(CultureInfo.InvariantCulture), Size, statusCode: StatusCodes.Status409Conflict),
            WitnessOutcome.UnknownLog => Refused(answer, "log-unknown", "This witness knows no log of that origin.", "Its mesh.json lists the ledgers that it witnesses."),
            WitnessOutcome.NotSigned => Refused(answer, "checkpoint-not-signed", "The log's key did not sign the checkpoint.", "Its mesh.json lists the ledger's key."),
            WitnessOutcome.NotItsGrowth => Refused(answer, "checkpoint-not-growth", "The checkpoint is not the one before, grown.",
                answer.Log?.Other is null ? "Send the proof from the size that this witness cosigned last." : "This log signed two histories of one size, and is not cosigned any more."),
            _ => Refused(answer, "checkpoint-malformed", "The request is not an add-checkpoint of C2SP tlog-witness.", "Send the old size, which is at most the checkpoint's, the proof, an empty line and the signed checkpoint."),
        };
    }

    private static async Task<IResult> ReadAsync(string site, HttpContext context, LedgerOpener opener, CancellationToken cancellation)
    {
        if (opener.Store is not { } open)
        {
            return Answers.Loading(context, opener.Waiting);
        }

        context.Response.Headers.CacheControl = "no-cache";
        return await open.Witness.ReadAsync(LedgerKey.OriginOf(site), cancellation) is { } log
            ? Results.Json(new WitnessedNotes(log.Note.ToString(), log.Other?.ToString()))
            : Problems.Problem(StatusCodes.Status404NotFound, "log-not-witnessed", "This site never cosigned that site's ledger.", "It does so when that site announces a checkpoint.");
    }

    private static IResult Refused(WitnessAnswer answer, string code, string title, string detail) => Problems.Problem((int)answer.Outcome, code, title, detail);

    [LoggerMessage(LogLevel.Error, "Split view of log {Log}: at size {Size} it signed two roots. It is not cosigned any more; the proof: {One}{Other}")]
    private static partial void LogSplit(ILogger logger, string log, long size, string one, string other);
}
