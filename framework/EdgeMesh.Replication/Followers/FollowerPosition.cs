using EdgeMesh.Replication.Storage;

namespace EdgeMesh.Replication;

/// <summary>Keeps a follower's position in <c>heads</c>, for a follower whose output has no place for it: saved after the output, so a
/// crash between repeats a stretch.</summary>
/// <param name="store">The journal's storage.</param>
/// <param name="journal">The journal that is followed.</param>
/// <param name="follower">The follower's name: letters, digits, <c>-</c> and <c>.</c>.</param>
public sealed class FollowerPosition(IJournalStore store, JournalName journal, string follower)
{
    private readonly string _key = new JournalKeys(journal).Follower(follower);

    /// <summary>Where the follower stands; <see cref="Position.Start"/> when nothing was saved.</summary>
    public async ValueTask<Position> GetAsync(CancellationToken cancellation) =>
        await store.GetRowAsync(_key, cancellation) is { } row && Position.TryParse(System.Text.Encoding.ASCII.GetString(row.Value.Span), out var position)
            ? position
            : Position.Start;

    /// <summary>Saves where the follower stands.</summary>
    public async ValueTask SaveAsync(Position position, CancellationToken cancellation) =>
        await store.TransactAsync([new RowWrite(_key, System.Text.Encoding.ASCII.GetBytes(position.ToString()), RowGuard.None)], cancellation);
}
