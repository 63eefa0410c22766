using System.Collections.Immutable;
using System.Globalization;
using Google.Protobuf;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>How much of a journal a mirror holds.</summary>
/// <param name="Pages">Pages kept.</param>
/// <param name="Records">Records in them.</param>
/// <param name="Position">The origin's position up to which it is complete.</param>
public sealed record MirrorState(long Pages, long Records, Position Position);

/// <summary>A verbatim copy of another site's journal: feed pages in <c>bodies</c>, and a row in <c>heads</c> that says how many count.
/// The page goes first and the row after it, so a crash leaves a page that is written again with the same bytes or more.</summary>
public sealed class Mirror(string site, JournalName journal, IJournalStore store)
{
    private (MirrorState State, string? ETag)? _known;

    /// <summary>What is mirrored.</summary>
    public JournalName Journal { get; } = journal;

    private string Row => $"{site}/mirror/{Journal}/head";

    /// <summary>How much is held.</summary>
    public async ValueTask<MirrorState> StateAsync(CancellationToken cancellation) => (await LoadAsync(cancellation)).State;

    internal async ValueTask AppendAsync(Wire.FeedPage page, CancellationToken cancellation)
    {
        var (state, etag) = await LoadAsync(cancellation);
        var upTo = Codec.ReadPosition(page.UpTo);
        var next = new MirrorState(state.Pages + 1, state.Records + page.Records.Count, upTo);
        await store.PutBodiesAsync([new(Page(state.Pages), page.ToByteArray())], cancellation);
        var value = System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{next.Pages} {next.Records} {upTo}"));
        _known = null;
        if (!await store.TransactAsync([new RowWrite(Row, value, etag is null ? RowGuard.Absent : RowGuard.Matches(etag))], cancellation))
        {
            throw new JournalUnavailableException($"The mirror of {Journal} was moved by another writer. One replica may mirror.");
        }
    }

    /// <summary>The records of a page, with bodies.</summary>
    public async ValueTask<ImmutableArray<JournalRecord>> ReadAsync(long page, CancellationToken cancellation)
    {
        if (await store.GetBodyAsync(Page(page), cancellation) is not { } bytes)
        {
            return [];
        }

        return [.. Wire.FeedPage.Parser.ParseFrom(bytes.Span).Records.Select(r =>
            Codec.FromWire(r.Record, Codec.ReadPosition(r.At), r.Record.Document?.Body.Memory ?? default))];
    }

    private async ValueTask<(MirrorState State, string? ETag)> LoadAsync(CancellationToken cancellation)
    {
        if (_known is { } known)
        {
            return known;
        }

        var row = await store.GetRowAsync(Row, cancellation);
        var parts = row is null ? [] : System.Text.Encoding.ASCII.GetString(row.Value.Span).Split(' ');
        var state = parts.Length == 3
            ? new MirrorState(long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture), Codec.ReadPosition(parts[2]))
            : new MirrorState(0, 0, Position.Start);
        _known = (state, row?.ETag);
        return _known.Value;
    }

    private string Page(long number) => string.Create(CultureInfo.InvariantCulture, $"{site}/mirror/{Journal}/page/{number}");
}
