using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Feeds;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Replication;

/// <summary>Brings a journal of another service of this site to a follower, from where the follower stands. Bodies come empty: they are
/// sealed by their owner. A follower that stands at the start begins with what is written from now on.</summary>
/// <param name="journal">The journal.</param>
/// <param name="follower">Who takes it, and stores the position.</param>
/// <param name="owner">Invokes the service that writes the journal.</param>
/// <param name="clock">For pauses.</param>
/// <param name="logger">Told when the service goes and comes.</param>
/// <param name="options">Null: the defaults.</param>
public sealed class FollowerPuller(JournalName journal, IFollower follower, HttpClient owner, TimeProvider clock, ILogger logger, PullerOptions? options = null)
    : FeedPuller(journal, FeedMode.Mirror, owner, clock, logger, options, isLocal: true)
{
    private FeedCursor? _cursor;
    private bool _isNew;

    private protected override async ValueTask<FeedCursor> CursorAsync(CancellationToken cancellation)
    {
        if (_cursor is null)
        {
            var position = await follower.GetPositionAsync(cancellation);
            (_cursor, _isNew) = (FeedCursor.Past(position), position == Position.Start);
        }

        return _cursor.Value;
    }

    private protected override async ValueTask ApplyAsync(FeedCursor after, Wire.FeedPage page, CancellationToken cancellation)
    {
        var next = FeedCursor.TryParse(page.UpTo, out var cursor) ? cursor : after;
        var records = _isNew ? [] : page.Records.Where(r => r.Record is not null).Select(r => WireModel.Read(r.Record, WireModel.Read(r.At), ReadOnlyMemory<byte>.Empty));
        await follower.ApplyAsync(new JournalPage([.. records], next.At, page.AtHead), cancellation);
        _cursor = next;
    }

    /// <summary>What was there before a new follower came is not for it.</summary>
    private protected override void Reached() => _isNew = false;
}
