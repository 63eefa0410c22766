using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Ledger;

/// <summary>The read side of c2sp.org/tlog-tiles below <c>/ledger/</c>, and proofs as c2sp.org/tlog-proof. Checkpoint and tiles are public;
/// entries (sealed as they are) and proofs are for users, by the gateway's rule.</summary>
internal static class ReadEndpoints
{
    private const string Immutable = "public, max-age=31536000, immutable";

    public static void MapReads(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/ledger/checkpoint", (HttpContext context, LedgerOpener opener, CancellationToken cancellation) =>
            ServeAsync(context, opener, "checkpoint", "text/plain; charset=utf-8", "no-store", cancellation));
        routes.MapGet("/ledger/tile/{**path}", (HttpContext context, string path, LedgerOpener opener, CancellationToken cancellation) =>
            ServeAsync(context, opener, $"tile/{path}", "application/octet-stream", path.Contains(".p/", StringComparison.Ordinal) ? "public, max-age=3600" : Immutable, cancellation));
        routes.MapGet("/ledger/proof/{index:long}", ProveAsync);
    }

    private static async Task<IResult> ServeAsync(HttpContext context, LedgerOpener opener, string path, string type, string cache, CancellationToken cancellation)
    {
        if (opener.Open is not { } log)
        {
            return NotReady(opener);
        }

        if (await log.Reader.ReadAsync(path, cancellation) is not { } bytes)
        {
            return Problems.Problem(StatusCodes.Status404NotFound, "ledger-file-unknown", $"The log has no {path}.", "What the checkpoint's size covers is there; see c2sp.org/tlog-tiles.");
        }

        context.Response.Headers.CacheControl = cache;
        return Results.Bytes(bytes, type);
    }

    private static async Task<IResult> ProveAsync(long index, LedgerOpener opener, CancellationToken cancellation)
    {
        if (opener.Open is not { } log)
        {
            return NotReady(opener);
        }

        return await log.Reader.ProveAsync(index, cancellation) is { } proof
            ? Results.Text(proof.ToString())
            : Problems.Problem(StatusCodes.Status404NotFound, "entry-unknown", $"The log has no entry {index} yet.");
    }

    private static IResult NotReady(LedgerOpener opener) =>
        Problems.Problem(StatusCodes.Status503ServiceUnavailable, "not-ready", "The ledger is being opened.", opener.WaitsFor() ?? "Ask again in a second.");
}
