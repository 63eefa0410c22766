using EdgeMesh.Replication.Feeds;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>Pulls what a peer shares with this site, into this site's own journal.</summary>
/// <param name="local">This site's journal.</param>
/// <param name="remote">The peer's journal.</param>
/// <param name="gateway">Invokes the local gateway.</param>
/// <param name="clock">For pauses.</param>
/// <param name="logger">Told when the link goes and comes.</param>
/// <param name="options">Null: the defaults.</param>
/// <param name="reached">Told whenever everything that the peer shares has been applied, be it nothing new; null: nobody.</param>
internal sealed class SharedPuller(
    Journal local, JournalName remote, HttpClient gateway, TimeProvider clock, ILogger logger, PullerOptions? options = null, Action? reached = null)
    : FeedPuller(remote, FeedMode.Shared, gateway, clock, logger, options)
{
    private protected override void Reached() => reached?.Invoke();

    private protected override ValueTask<FeedCursor> CursorAsync(CancellationToken cancellation) => local.Core.FeedAsync(Journal, cancellation);

    private protected override async ValueTask ApplyAsync(FeedCursor after, Wire.FeedPage page, CancellationToken cancellation) =>
        await local.ApplyAsync(Journal, after, page, cancellation);
}
