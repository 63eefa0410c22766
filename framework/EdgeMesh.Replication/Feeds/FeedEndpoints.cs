using System.Globalization;
using EdgeMesh.Replication;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Wire = EdgeMesh.Replication.Wire;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Who asks for a feed, and in which mode they may.</summary>
/// <param name="Site">The peer's site, verified by the gateway.</param>
/// <param name="MayMirror">Whether it keeps verbatim copies.</param>
public sealed record FeedPeer(string Site, bool MayMirror);

/// <summary>Serves journals to other sites.</summary>
public static class FeedEndpoints
{
    private const string Protobuf = "application/x-protobuf";
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Maps <c>GET /mesh/feed/{journal}?after=POSITION&amp;wait=SECONDS&amp;mode=mirror|shared</c>: a protobuf page.
    /// 400 for a bad position, 403 for a peer that may not, 404 for a journal that is not written here.</summary>
    /// <param name="routes">Where to map.</param>
    /// <param name="journals">The journals that this service owns.</param>
    /// <param name="peer">Who asks; null: nobody that may.</param>
    public static void MapFeeds(this IEndpointRouteBuilder routes, Func<IReadOnlyList<Journal>> journals, Func<HttpContext, FeedPeer?> peer) =>
        routes.MapGet("/mesh/feed/{journal}", async (HttpContext context, string journal, string? after, double? wait, string? mode) =>
        {
            if (peer(context) is not { } asks)
            {
                return Refuse(StatusCodes.Status403Forbidden, "feed-forbidden", "Feeds are for other sites' gateways.");
            }

            var isMirror = mode == "mirror";
            var source = journals().FirstOrDefault(j => j.Name.ToString() == journal);
            if (source is null)
            {
                return Refuse(StatusCodes.Status404NotFound, "feed-unknown", $"Journal '{journal}' is not written here.");
            }

            if (isMirror && !asks.MayMirror || !isMirror && source.Name.Kind != JournalName.Changes)
            {
                return Refuse(StatusCodes.Status403Forbidden, "feed-forbidden", $"Site '{asks.Site}' may not read this journal in mode '{(isMirror ? "mirror" : "shared")}'.");
            }

            var position = Position.Start;
            if (after is { Length: > 0 } && !Position.TryParse(after, out position))
            {
                return Refuse(StatusCodes.Status400BadRequest, "feed-position-invalid", "'after' is no position of this journal. Use 'upTo' of an earlier page.");
            }

            var page = await ReadAsync(source, asks.Site, isMirror ? FeedMode.Mirror : FeedMode.Shared, position, wait ?? 0, context.RequestAborted);
            return Results.Bytes(page.ToByteArray(), Protobuf);
        });

    private static async Task<Wire.FeedPage> ReadAsync(Journal journal, string peer, FeedMode mode, Position after, double wait, CancellationToken cancellation)
    {
        var server = new FeedServer(journal);
        var page = await server.ReadAsync(peer, mode, after, cancellation);
        if (page.Records.Count > 0 || wait <= 0)
        {
            return page;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(Math.Min(wait, LongestWait.TotalSeconds)));
        try
        {
            await journal.WaitAsync(Codec.ReadPosition(page.UpTo), limit.Token);
            return await server.ReadAsync(peer, mode, Codec.ReadPosition(page.UpTo), cancellation);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return page;
        }
    }

    private static IResult Refuse(int status, string code, string detail) =>
        Results.Problem(detail, statusCode: status, title: "The feed can't be read.", extensions: [new("code", code)]);
}
