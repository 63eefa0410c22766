using System.Globalization;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Replication.Feeds;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Who asks for a feed, and in which mode they may.</summary>
/// <param name="Site">The peer's site, verified by the gateway.</param>
/// <param name="MayMirror">Whether it keeps verbatim copies.</param>
public sealed record FeedPeer(string Site, bool MayMirror)
{
    /// <summary>Whether it is a service of this site, which follows the journal of changes; what it says of documents, not what is in them.</summary>
    public bool IsLocal { get; init; }

    /// <summary>A site whose certificate the gateway has verified, where the core may keep verbatim copies; or a service of this site: one that
    /// came through its sidecar and not through the gateway, which states a caller for whatever it lets in.</summary>
    public static FeedPeer? Of(HttpContext context, MeshDirectory directory) => context.GetCaller() switch
    {
        null => new FeedPeer(directory.Self, true) { IsLocal = true },
        { Kind: CallerKind.Site } site when directory.Find(site.Subject) is { } entry => new FeedPeer(entry.Name, entry.IsCore),
        _ => null,
    };
}

/// <summary>Serves journals to other sites.</summary>
public static class FeedEndpoints
{
    private const int LongestWaitSeconds = 30;

    /// <summary>Maps <c>GET /mesh/feed/{journal}?after=POSITION&amp;wait=SECONDS&amp;mode=mirror|shared</c>: a protobuf page of at most 1 MiB.
    /// 400 for a bad position, 403 for a peer that may not, 404 for a journal that is not written here, 426 for a reader that is too old.</summary>
    /// <param name="routes">Where to map.</param>
    /// <param name="journals">The journals that this service owns, as they are at the time of a request.</param>
    /// <param name="peer">Who asks; null: nobody that may.</param>
    public static void MapFeeds(this IEndpointRouteBuilder routes, Func<IReadOnlyList<Journal>> journals, Func<HttpContext, FeedPeer?> peer)
    {
        var stopping = routes.ServiceProvider.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        routes.MapGet("/mesh/feed/{journal}", async (HttpContext context, string journal, string? after, string? wait, string? mode) =>
        {
            var (request, refusal) = Check(context, journals(), peer(context), journal, after, wait, mode);
            return request is null ? refusal! : await AnswerAsync(context, request, stopping);
        });
    }

    private static (FeedRequest? Request, IResult? Refusal) Check(
        HttpContext context, IReadOnlyList<Journal> journals, FeedPeer? peer, string name, string? after, string? wait, string? mode)
    {
        if (peer is null)
        {
            return Refuse(StatusCodes.Status403Forbidden, "feed-forbidden", "Feeds are for other sites, through their gateways.");
        }

        if (context.Request.Headers[FeedProtocol.VersionHeader] is [{ } version] && (!int.TryParse(version, CultureInfo.InvariantCulture, out var known) || known < FeedProtocol.Version))
        {
            return Refuse(StatusCodes.Status426UpgradeRequired, "feed-version", $"This site writes feeds of version {FeedProtocol.Version}; the reader knows up to '{version}'. Upgrade the reader.");
        }

        if (journals.FirstOrDefault(j => j.Name.ToString() == name) is not { } journal)
        {
            return Refuse(StatusCodes.Status404NotFound, "feed-unknown", $"Journal '{name}' is not written here.");
        }

        if (mode is not (null or FeedProtocol.Shared or FeedProtocol.Mirror))
        {
            return Refuse(StatusCodes.Status400BadRequest, "feed-mode-invalid", $"'mode' is '{FeedProtocol.Shared}' or '{FeedProtocol.Mirror}'.");
        }

        var isMirror = mode == FeedProtocol.Mirror;
        if (isMirror ? !peer.MayMirror || peer.IsLocal && journal.Name.Kind != JournalName.Changes : journal.Name.Kind != JournalName.Changes)
        {
            return Refuse(StatusCodes.Status403Forbidden, "feed-forbidden", $"Site '{peer.Site}' may not read journal '{name}' in mode '{mode}'.");
        }

        var cursor = FeedCursor.Start;
        if (after is { Length: > 0 } && !FeedCursor.TryParse(after, out cursor))
        {
            return Refuse(StatusCodes.Status400BadRequest, "feed-position-invalid", "'after' is no position of a feed. Use 'upTo' of the page before, or leave it out to begin at the start.");
        }

        if (!new FeedServer(journal).Knows(cursor))
        {
            return Refuse(StatusCodes.Status400BadRequest, "feed-position-ahead", $"'after' is past the head {journal.Head} of this journal: it has lost records that you have. Restore its site as from a backup, which opens a new epoch.");
        }

        var seconds = 0;
        if (wait is { Length: > 0 } && (!int.TryParse(wait, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) || seconds > LongestWaitSeconds))
        {
            return Refuse(StatusCodes.Status400BadRequest, "feed-wait-invalid", $"'wait' is a whole number of seconds up to {LongestWaitSeconds}.");
        }

        return (new FeedRequest(journal, peer.Site, isMirror ? FeedMode.Mirror : FeedMode.Shared, cursor, TimeSpan.FromSeconds(seconds)), null);
    }

    private static async Task<IResult> AnswerAsync(HttpContext context, FeedRequest request, CancellationToken stopping)
    {
        var page = await ReadAsync(request, stopping, context.RequestAborted);
        context.Response.Headers[FeedProtocol.VersionHeader] = FeedProtocol.Version.ToString(CultureInfo.InvariantCulture);
        return Results.Bytes(page.ToByteArray(), FeedProtocol.ContentType);
    }

    /// <summary>Waits while all there is is filtered; a service that stops answers at once.</summary>
    private static async Task<EdgeMesh.Replication.Wire.FeedPage> ReadAsync(FeedRequest request, CancellationToken stopping, CancellationToken aborted)
    {
        var (server, cursor) = (new FeedServer(request.Journal), request.After);
        using var limit = new CancellationTokenSource(request.Wait, request.Journal.Core.Options.Clock);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping, aborted);
        while (true)
        {
            var page = await server.ReadAsync(request.Peer, request.Mode, cursor, aborted);
            if (page.Records.Count > 0 || !page.AtHead || request.Wait == TimeSpan.Zero)
            {
                return page;
            }

            FeedCursor.TryParse(page.UpTo, out cursor);
            try
            {
                await request.Journal.WaitAsync(cursor.At, any.Token);
            }
            catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
            {
                return page;
            }
        }
    }

    private static (FeedRequest?, IResult?) Refuse(int status, string code, string detail) =>
        (null, Problems.Problem(status, code, "The feed can't be read.", detail));

    private sealed record FeedRequest(Journal Journal, string Peer, FeedMode Mode, FeedCursor After, TimeSpan Wait);
}
