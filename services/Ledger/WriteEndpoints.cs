using System.Buffers.Binary;
using System.Globalization;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger;

/// <summary><c>POST /add</c> and <c>POST /add-batch</c>: for the services of this site, which come through their own sidecar and not
/// through the gateway. An answer means that the entries are durable and published.</summary>
internal static class WriteEndpoints
{
    private const string Producer = "EdgeMesh-Producer";
    private const string Sequence = "EdgeMesh-Sequence";

    public static void MapWrites(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/add", (HttpContext context, LedgerOpener opener, CancellationToken cancellation) => AnswerAsync(context, opener, isBatch: false, cancellation));
        routes.MapPost("/add-batch", (HttpContext context, LedgerOpener opener, CancellationToken cancellation) => AnswerAsync(context, opener, isBatch: true, cancellation));
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, LedgerOpener opener, bool isBatch, CancellationToken cancellation)
    {
        if (context.GetCaller() is not null and not { Kind: CallerKind.Service })
        {
            return Problems.Problem(StatusCodes.Status403Forbidden, "ledger-write-forbidden", "Only services of this site write to its ledger.");
        }

        if (opener.Open is not { } log)
        {
            return Unavailable(opener.WaitsFor() ?? "it is being opened");
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, cancellation);
        var entries = isBatch ? Split(body.ToArray()) : [body.ToArray()];
        if (entries is null)
        {
            return Problems.Problem(StatusCodes.Status400BadRequest, "batch-malformed", "The body is no batch.", "Send each entry as its length (two bytes, big-endian) and its bytes.");
        }

        var producer = context.Request.Headers[Producer].ToString() is { Length: > 0 } name ? name : null;
        var sequence = 0L;
        if (producer is not null && !long.TryParse(context.Request.Headers[Sequence], NumberStyles.None, CultureInfo.InvariantCulture, out sequence))
        {
            return Problems.Problem(StatusCodes.Status400BadRequest, "sequence-invalid", $"{Sequence} is missing or no number.", $"A producer counts its entries from 0 and sends the first one's number in {Sequence}.");
        }

        var result = await log.Sequencer.AppendAsync(new AppendRequest(entries, producer, sequence), cancellation);
        return result switch
        {
            { IsLogged: true } => isBatch ? Results.Json(new { first = result.First, count = result.Count }) : Results.Text(result.First.ToString(CultureInfo.InvariantCulture)),
            { Outcome: AppendOutcome.SequenceForgotten } => Problems.Problem(StatusCodes.Status409Conflict, "sequence-old", "This sequence was logged so long ago that its index is not known any more."),
            { Outcome: AppendOutcome.TooManyProducers } => Problems.Problem(StatusCodes.Status409Conflict, "producers-full", "The ledger knows as many producers as it takes."),
            { Outcome: AppendOutcome.Refused } => Problems.Problem(StatusCodes.Status400BadRequest, "entries-refused", result.Reason ?? "The entries are refused."),
            { Outcome: AppendOutcome.Busy } => Busy(context),
            _ => Unavailable(result.Reason ?? "it does not say why"),
        };
    }

    private static IResult Busy(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "1";
        return Problems.Problem(StatusCodes.Status429TooManyRequests, "ledger-busy", "Too many entries wait.", "Send them again in a second, with the same sequence.");
    }

    private static IResult Unavailable(string reason) =>
        Problems.Problem(StatusCodes.Status503ServiceUnavailable, "ledger-unavailable", "The ledger takes no entries now.", $"{reason}. Send them again with the same sequence.");

    private static List<ReadOnlyMemory<byte>>? Split(byte[] body)
    {
        var (entries, at) = (new List<ReadOnlyMemory<byte>>(), 0);
        while (at < body.Length)
        {
            if (at + 2 > body.Length || BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(at)) is var length && at + 2 + length > body.Length)
            {
                return null;
            }

            entries.Add(body.AsMemory(at + 2, length));
            at += 2 + length;
        }

        return entries;
    }
}
