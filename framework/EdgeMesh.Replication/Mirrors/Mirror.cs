using System.Security.Cryptography;
using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Feeds;
using EdgeMesh.Replication.Mirrors;
using EdgeMesh.Replication.Storage;
using Google.Protobuf;

namespace EdgeMesh.Replication;

/// <summary>How much of a journal a mirror holds.</summary>
/// <param name="Segments">Pages kept.</param>
/// <param name="Records">Records in them.</param>
/// <param name="Position">The origin's position up to which it is complete.</param>
internal sealed record MirrorState(long Segments, long Records, Position Position);

/// <summary>A verbatim copy of another site's journal under that journal's own positions: feed pages in <c>bodies</c>, a table of contents
/// and a head in <c>heads</c>. The page goes first, under a name of its own, then one transaction of head and table: a crash leaves at most
/// a page that nobody refers to.</summary>
internal sealed class Mirror
{
    private const int IdLength = 16;

    private readonly MirrorKeys _keys;
    private readonly IJournalStore _store;
    private readonly GuardedRow<Wire.MirrorHead> _head;
    private readonly SemaphoreSlim _one = new(1, 1);
    private bool _isLoaded;

    /// <summary>A mirror that <paramref name="site"/> keeps of <paramref name="journal"/>.</summary>
    public Mirror(string site, JournalName journal, IJournalStore store, JournalOptions? options = null)
    {
        options ??= new JournalOptions();
        (Journal, _keys) = (journal, new MirrorKeys(site, journal));
        _store = new LimitedStore(store, options.Clock, options.StoreCallLimit);
        _head = new GuardedRow<Wire.MirrorHead>(_keys.Head, Wire.MirrorHead.Parser, h => h.Id, _store, options);
    }

    /// <summary>What is mirrored.</summary>
    public JournalName Journal { get; }

    /// <summary>How much is held.</summary>
    public async ValueTask<MirrorState> StateAsync(CancellationToken cancellation)
    {
        var head = await HeadAsync(cancellation);
        return new MirrorState(head?.Segments ?? 0, head?.Records ?? 0, CursorOf(head).At);
    }

    /// <summary>Records after a position of the origin, with bodies, as the origin would give them.</summary>
    public async ValueTask<JournalPage> ReadAsync(Position after, int maxRecords, CancellationToken cancellation)
    {
        var (segments, records) = ((await HeadAsync(cancellation))?.Segments ?? 0, new List<JournalRecord>());
        var table = new MirrorTable(_keys, _store);
        for (var number = await table.FindAsync(after, segments, cancellation); number < segments; number++)
        {
            var segment = await table.SegmentAsync(number, cancellation);
            var bytes = await _store.GetBodyAsync(segment.Key, cancellation)
                ?? throw new InvalidDataException($"Segment '{segment.Key}' of the mirror of {Journal} is lost. Pull it again from its origin.");
            foreach (var record in Wire.FeedPage.Parser.ParseFrom(bytes.Span).Records.Where(r => WireModel.Read(r.At) > after))
            {
                if (records.Count == maxRecords)
                {
                    return new JournalPage([.. records], records[^1].At, false);
                }

                records.Add(Read(record));
            }
        }

        return new JournalPage([.. records], records.Count > 0 ? records[^1].At : after, true);
    }

    public async ValueTask<FeedCursor> CursorAsync(CancellationToken cancellation) => CursorOf(await HeadAsync(cancellation));

    /// <summary>Keeps a page that begins where the mirror ends; one that begins elsewhere was kept before.</summary>
    public async ValueTask AppendAsync(FeedCursor after, Wire.FeedPage page, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            await LoadAsync(cancellation);
            if (CursorOf(_head.Value) == after && page.Records.Count > 0)
            {
                await WriteAsync(page, cancellation);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private async ValueTask WriteAsync(Wire.FeedPage page, CancellationToken cancellation)
    {
        var id = RandomNumberGenerator.GetBytes(IdLength);
        var number = _head.Value?.Segments ?? 0;
        var segment = new Wire.MirrorSegment
        {
            Key = _keys.Segment(page.Records[0].At, id), First = page.Records[0].At, Last = page.Records[^1].At, Records = page.Records.Count,
        };
        await _store.PutBodiesAsync([new(segment.Key, page.ToByteArray())], cancellation);
        var head = new Wire.MirrorHead
        {
            Format = WireModel.Current,
            Id = ByteString.CopyFrom(id),
            Cursor = page.UpTo,
            Segments = number + 1,
            Records = (_head.Value?.Records ?? 0) + page.Records.Count,
        };
        var row = await new MirrorTable(_keys, _store).WithAsync(number, segment, cancellation);
        if (!await _head.WriteAsync(head, [row], cancellation))
        {
            _isLoaded = false;
            throw new JournalUnavailableException($"Another writer has moved the mirror of {Journal}; it is read anew.");
        }
    }

    private async ValueTask<Wire.MirrorHead?> HeadAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            await LoadAsync(cancellation);
            return _head.Value;
        }
        finally
        {
            _one.Release();
        }
    }

    private async ValueTask LoadAsync(CancellationToken cancellation)
    {
        if (!_isLoaded)
        {
            await _head.LoadAsync(cancellation);
            _isLoaded = true;
        }
    }

    private static FeedCursor CursorOf(Wire.MirrorHead? head) => FeedCursor.TryParse(head?.Cursor, out var cursor) ? cursor : FeedCursor.Start;

    /// <summary>A version says by its body's length whether one belongs to it; copies of third sites come without.</summary>
    private static JournalRecord Read(Wire.FeedRecord record)
    {
        var isComplete = (record.Record.Document?.Body?.Length ?? 0) == record.Body.Length;
        return WireModel.Read(record.Record, WireModel.Read(record.At), isComplete ? record.Body.Memory : (ReadOnlyMemory<byte>?)null);
    }
}
