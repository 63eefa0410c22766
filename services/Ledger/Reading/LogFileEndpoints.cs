using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Services.Ledger.Hosting;

namespace EdgeMesh.Services.Ledger.Reading;

/// <summary>The read side (C2SP tlog-tiles), and proofs (C2SP tlog-proof). It shows nothing of the entries but the sealed bytes.</summary>
internal static class LogFileEndpoints
{
    private const string Text = "text/plain; charset=utf-8";
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Never = "no-cache";
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapLogFiles(this WebApplication app, string prefix)
    {
        app.MapMethods(prefix + "/checkpoint", Methods, (HttpContext context, LedgerOpener opener, CancellationToken cancellation) =>
            FileAsync(context, opener, LogFiles.Checkpoint, Text, Never, cancellation));
        app.MapMethods(prefix + "/cosigned", Methods, (HttpContext context, LedgerOpener opener, CancellationToken cancellation) =>
            FileAsync(context, opener, LogFiles.Cosigned, Text, Never, cancellation));
        app.MapMethods(prefix + "/tile/{**path}", Methods, (string path, HttpContext context, LedgerOpener opener, CancellationToken cancellation) =>
            FileAsync(context, opener, "tile/" + path, "application/octet-stream", Forever, cancellation));
        app.MapMethods(prefix + "/proof/{index:long}", Methods, ProofAsync);
    }

    private static async Task<IResult> FileAsync(HttpContext context, LedgerOpener opener, string path, string type, string caching, CancellationToken cancellation)
    {
        if (Loading(context, opener, out var open) is { } loading)
        {
            return loading;
        }

        if (await open!.Reader.ReadAsync(path, cancellation) is not { } bytes)
        {
            return Absent(context, "log-file-unknown", $"The log has no '{path}'.", "The checkpoint's size says which tiles and bundles there are.");
        }

        context.Response.Headers.CacheControl = caching;
        return Results.Bytes(bytes, type);
    }

    private static async Task<IResult> ProofAsync(long index, HttpContext context, LedgerOpener opener, CancellationToken cancellation)
    {
        if (Loading(context, opener, out var open) is { } loading)
        {
            return loading;
        }

        try
        {
            var proof = await open!.Reader.ProveAsync(index, cancellation);
            context.Response.Headers.CacheControl = Never;
            return proof is null
                ? Absent(context, "entry-unknown", $"The log has no entry {index}.", "The checkpoint's size says which entries there are.")
                : Results.Text(proof.ToString(), Text);
        }
        catch (InvalidDataException error)
        {
            return Problems.Problem(StatusCodes.Status500InternalServerError, "ledger-damaged", "The entry can't be proven.", error.Message);
        }
    }

    private static IResult? Loading(HttpContext context, LedgerOpener opener, out OpenLedger? open)
    {
        open = opener.Store;
        return open is { Reader.IsLoaded: true } ? null : Answers.Loading(context, opener.Waiting);
    }

    private static IResult Absent(HttpContext context, string code, string title, string detail)
    {
        // What is not there yet comes with a later checkpoint.
        context.Response.Headers.CacheControl = Never;
        return Problems.Problem(StatusCodes.Status404NotFound, code, title, detail);
    }
}
