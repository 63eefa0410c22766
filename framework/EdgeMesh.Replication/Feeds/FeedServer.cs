using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Documents;
using EdgeMesh.Replication.Storage;
using Google.Protobuf;

namespace EdgeMesh.Replication.Feeds;

/// <summary>Cuts pages of a journal for a peer.</summary>
internal sealed class FeedServer(Journal journal)
{
    /// <summary>A page has at most 1 MiB; this leaves room for what surrounds the records.</summary>
    public const int PageBytes = 1024 * 1024 - 32 * 1024;

    private const int RecordsPerRead = 256;
    private const int ScanLimit = 16_384;

    private readonly JournalReader _reader = new(journal.Core);

    /// <summary>Whether a cursor can be of this journal: one that is ahead of the head says that the journal has lost something.</summary>
    public bool Knows(FeedCursor after)
    {
        var head = journal.Core.Head.Value;
        return (after.At.Epoch, after.At.Batch).CompareTo((head.Epoch, head.Batch)) <= 0;
    }

    public async ValueTask<Wire.FeedPage> ReadAsync(string peer, FeedMode mode, FeedCursor after, CancellationToken cancellation)
    {
        IFeedView view = mode == FeedMode.Mirror ? new MirrorView(journal.Core) : new SharedView(journal.Core, peer);
        var page = new PageBuilder(journal.Name, after);
        for (var scanned = 0; scanned < ScanLimit; scanned += RecordsPerRead)
        {
            // Inside a grant the record is read again, to go on in it.
            var from = page.Cursor.Sent == 0 ? page.Cursor.At : page.Cursor.At with { Index = page.Cursor.At.Index - 1 };
            var (records, _, upToHead) = await _reader.ReadRecordsAsync(from, RecordsPerRead, cancellation);
            var items = await view.SelectAsync(records, cancellation);
            for (var i = 0; i < records.Count; i++)
            {
                if (!page.TryAdd(records[i].At, items[i]))
                {
                    return await FinishAsync(page, view, isAtHead: false, cancellation);
                }
            }

            if (upToHead)
            {
                return await FinishAsync(page, view, isAtHead: true, cancellation);
            }
        }

        // Much was filtered: the reader goes on from here.
        return await FinishAsync(page, view, isAtHead: false, cancellation);
    }

    private async ValueTask<Wire.FeedPage> FinishAsync(PageBuilder page, IFeedView view, bool isAtHead, CancellationToken cancellation)
    {
        var bodies = await journal.Core.Log.BodiesAsync([.. page.Items.Select(i => i.Body)], cancellation);
        for (var i = 0; i < bodies.Length; i++)
        {
            if (bodies[i] is { } body)
            {
                page.Items[i].Record.Body = UnsafeByteOperations.UnsafeWrap(body);
            }
            else if (!view.MayLackBodies)
            {
                throw new InvalidDataException($"The body of '{page.Items[i].Body!.Key}' is lost, so this feed can't go on. Restore the store of bodies from a backup: a body is never changed, so any that has it will do.");
            }
        }

        return page.Finish(isAtHead);
    }

    /// <summary>Fills a page up to its limit, with bodies counted before they are read.</summary>
    private sealed class PageBuilder(JournalName name, FeedCursor after)
    {
        private const int RecordOverhead = 16;
        private readonly List<Wire.FeedBatch> _batches = [];
        private int _bytes;

        public FeedCursor Cursor { get; private set; } = after;

        public List<(Wire.FeedRecord Record, Wire.DocumentVersion? Body)> Items { get; } = [];

        /// <summary>False: the page is full; the cursor stands before what did not fit.</summary>
        public bool TryAdd(Position at, IReadOnlyList<FeedItem> items)
        {
            for (var i = Cursor.At == at ? Cursor.Sent : 0; i < items.Count; i++)
            {
                if (items[i].Record is { } record && !TryAdd(record, items[i].Body, items[i].Batch))
                {
                    return false;
                }

                Cursor = i + 1 == items.Count ? FeedCursor.Past(at) : new FeedCursor(at, i + 1);
            }

            Cursor = FeedCursor.Past(at);
            return true;
        }

        private bool TryAdd(Wire.FeedRecord record, Wire.DocumentVersion? body, Wire.FeedBatch? batch)
        {
            var size = record.CalculateSize() + (body?.Body?.Length ?? 0) + (batch?.CalculateSize() ?? 0) + 2 * RecordOverhead;
            if (Items.Count > 0 && _bytes + size > PageBytes)
            {
                return false;
            }

            Items.Add((record, body));
            if (batch is not null)
            {
                _batches.Add(batch);
            }

            _bytes += size;
            return true;
        }

        public Wire.FeedPage Finish(bool isAtHead) => new()
        {
            Format = WireModel.Current,
            Journal = name.ToString(),
            Records = { Items.Select(i => i.Record) },
            UpTo = Cursor.ToString(),
            AtHead = isAtHead,
            Batches = { _batches },
        };
    }
}
