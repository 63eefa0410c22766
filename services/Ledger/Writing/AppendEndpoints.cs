using System.Globalization;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Services.Ledger.Hosting;

namespace EdgeMesh.Services.Ledger.Writing;

/// <summary>The write side, for services of this site: <c>POST /add</c> and <c>POST /add-batch</c>.</summary>
internal static class AppendEndpoints
{
    public static void MapAppends(this WebApplication app)
    {
        app.MapPost("/add", AddAsync);
        app.MapPost("/add-batch", AddBatchAsync);
    }

    private static async Task<IResult> AddAsync(HttpContext context, LedgerOpener opener, CancellationToken cancellation)
    {
        if (Refusal(context, opener, out var open, out var origin) is { } refusal)
        {
            return refusal;
        }

        if (await BoundedBody.ReadAsync(context.Request, EntryBundle.MaxEntry, cancellation) is not { } entry)
        {
            return Answers.TooLarge(EntryBundle.MaxEntry);
        }

        var result = await open!.Sequencer.AppendAsync(new AppendRequest([entry], origin.Producer, origin.Sequence), cancellation);
        return Answers.Answer(context, result, r => Results.Text(r.First.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<IResult> AddBatchAsync(HttpContext context, LedgerOpener opener, SequencerOptions options, CancellationToken cancellation)
    {
        if (Refusal(context, opener, out var open, out var origin) is { } refusal)
        {
            return refusal;
        }

        if (await BoundedBody.ReadAsync(context.Request, options.BatchBytes, cancellation) is not { } body)
        {
            return Answers.TooLarge(options.BatchBytes);
        }

        if (EntryBundle.TryRead(body, options.BatchEntries) is not { } entries)
        {
            return Problems.Problem(StatusCodes.Status400BadRequest, "entries-malformed", "The body is not a sequence of entries.",
                $"Send at most {options.BatchEntries} entries, each as a big-endian uint16 length and its bytes; the body ends with the last of them.");
        }

        var result = await open!.Sequencer.AppendAsync(new AppendRequest(entries, origin.Producer, origin.Sequence), cancellation);
        return Answers.Answer(context, result, r => Results.Json(new { first = r.First, count = r.Count }));
    }

    private static IResult? Refusal(HttpContext context, LedgerOpener opener, out OpenLedger? open, out EntryOrigin origin)
    {
        open = opener.Store;
        origin = default;
        return context.GetCaller() is not null ? Answers.NotAService()
            : !EntryOrigin.TryRead(context.Request.Headers, out origin) ? Answers.BadOrigin()
            : open is null ? Answers.Unavailable(context, opener.Waiting)
            : null;
    }
}
