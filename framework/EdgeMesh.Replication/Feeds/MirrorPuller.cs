using EdgeMesh.Replication.Feeds;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>Keeps a verbatim copy of a peer's journal, under that journal's own positions.</summary>
/// <param name="mirror">The copy.</param>
/// <param name="gateway">Invokes the local gateway.</param>
/// <param name="clock">For pauses.</param>
/// <param name="logger">Told when the link goes and comes.</param>
/// <param name="options">Null: the defaults.</param>
internal sealed class MirrorPuller(Mirror mirror, HttpClient gateway, TimeProvider clock, ILogger logger, PullerOptions? options = null)
    : FeedPuller(mirror.Journal, FeedMode.Mirror, gateway, clock, logger, options)
{
    private protected override ValueTask<FeedCursor> CursorAsync(CancellationToken cancellation) => mirror.CursorAsync(cancellation);

    private protected override ValueTask ApplyAsync(FeedCursor after, Wire.FeedPage page, CancellationToken cancellation) => mirror.AppendAsync(after, page, cancellation);
}
