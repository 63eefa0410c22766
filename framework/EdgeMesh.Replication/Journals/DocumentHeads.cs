using System.Collections.Concurrent;
using Google.Protobuf;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Document heads, feed positions and idempotency rows: derived from batches, written behind the commit in chunks. Until a chunk
/// is written its rows are seen through the overlay; a crash leaves <c>derived</c> behind the head, and recovery writes them by the same code.</summary>
internal sealed class DocumentHeads(JournalKeys keys, IJournalStore store)
{
    private const int CacheLimit = 20_000;
    private const int HistoryLimit = 100;
    private const int OperationsPerTransaction = 60;
    private const int BytesPerTransaction = 700 * 1024;

    private readonly ConcurrentDictionary<string, Row> _overlay = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<DocumentKey, Wire.DocumentHead> _cache = new();

    /// <summary>Rows that wait to be written.</summary>
    public int Waiting => _overlay.Count;

    public async ValueTask<Wire.DocumentHead?> FindAsync(DocumentKey key, CancellationToken cancellation)
    {
        if (_cache.TryGetValue(key, out var known))
        {
            return known;
        }

        var name = keys.Document(key);
        if (_overlay.TryGetValue(name, out var waiting))
        {
            return Wire.DocumentHead.Parser.ParseFrom(waiting.Value);
        }

        if (await store.GetRowAsync(name, cancellation) is not { } row)
        {
            return null;
        }

        var head = Wire.DocumentHead.Parser.ParseFrom(row.Value.Span);
        Remember(key, head);
        return head;
    }

    public async ValueTask<byte[]?> FindRowAsync(string name, CancellationToken cancellation) =>
        _overlay.TryGetValue(name, out var waiting) ? waiting.Value : (await store.GetRowAsync(name, cancellation))?.Value.ToArray();

    /// <summary>Derives one batch's rows into the overlay.</summary>
    public async ValueTask ApplyAsync(Wire.Batch batch, uint epoch, long number)
    {
        foreach (var record in batch.Records)
        {
            switch ((RecordKind)record.Kind)
            {
                case RecordKind.Changed or RecordKind.Applied:
                    var key = Codec.FromWire(record.Document.Key);
                    Set(key, Succeed(await FindAsync(key, CancellationToken.None), record));
                    break;
                case RecordKind.Shared:
                    await ShareAsync(record.Share);
                    break;
                case RecordKind.Withdrawn:
                    Set(Codec.FromWire(record.Withdrawn), new Wire.DocumentHead { Format = Codec.Format });
                    break;
            }

            if (record.Feed is { } feed)
            {
                _overlay[keys.Feed(feed.Journal)] = new Row(new Wire.PositionRow { Position = feed.Position }.ToByteArray());
            }
        }

        foreach (var entry in batch.Idempotency)
        {
            _overlay[entry.Key] = new Row(new Wire.IdempotencyRow { Epoch = epoch, Batch = number, First = entry.First, Last = entry.Last }.ToByteArray());
        }
    }

    /// <summary>Keeps beside each document who may hold its current version: feeds filter by the latest share state.</summary>
    private async ValueTask ShareAsync(Wire.ShareChange change)
    {
        foreach (var (key, granted) in change.Granted.Select(g => (g.Key, (Wire.SharedDocument?)g)).Concat(change.Withdrawn.Select(k => (k, (Wire.SharedDocument?)null))))
        {
            var document = Codec.FromWire(key);
            if (await FindAsync(document, CancellationToken.None) is not { Current.Count: > 0 } head)
            {
                continue;
            }

            var next = head.Clone();
            foreach (var held in next.Holders.Where(h => h.Peer == change.Peer).ToArray())
            {
                next.Holders.Remove(held);
            }

            if (granted is not null)
            {
                next.Holders.Add(new Wire.Holder { Peer = change.Peer, ConsentVersion = change.ConsentVersion, WrappedKey = granted.WrappedKey });
            }

            Set(document, next);
        }
    }

    /// <summary>A document's head after a record: a version replaces those it descends from, and stands beside those it does not.</summary>
    public static Wire.DocumentHead Succeed(Wire.DocumentHead? head, Wire.Record record)
    {
        var next = new Wire.DocumentHead { Format = Codec.Format, Current = { record.Document }, Holders = { record.Holders } };
        var vector = Codec.FromWire(record.Document.Vector);
        if (head?.Current.Any(v => vector.CompareTo(Codec.FromWire(v.Vector)) is VectorOrder.Equal or VectorOrder.Before) == true)
        {
            // Recovery derives a batch again whose rows were written: what is known already changes nothing.
            return head;
        }

        var replaced = new List<Wire.DocumentVersion>();
        foreach (var version in head?.Current ?? [])
        {
            if (vector.CompareTo(Codec.FromWire(version.Vector)) == VectorOrder.Concurrent)
            {
                next.Current.Add(version);
            }
            else
            {
                replaced.Add(version);
            }
        }

        next.History.Add(replaced);
        next.History.Add((head?.History ?? []).Take(HistoryLimit - replaced.Count));
        return next;
    }

    /// <summary>Writes what waits, up to a batch, and says so in <c>derived</c>.</summary>
    public async ValueTask WriteAsync(uint epoch, long upTo, CancellationToken cancellation)
    {
        var rows = _overlay.ToArray();
        var (writes, bytes) = (new List<RowWrite>(), 0);
        foreach (var (name, row) in rows)
        {
            if (writes.Count == OperationsPerTransaction || bytes + row.Value.Length > BytesPerTransaction)
            {
                await store.TransactAsync(writes, cancellation);
                (writes, bytes) = ([], 0);
            }

            writes.Add(new RowWrite(name, row.Value, RowGuard.None));
            bytes += row.Value.Length;
        }

        writes.Add(new RowWrite(keys.Derived, new Wire.Derived { Format = Codec.Format, Epoch = epoch, Batch = upTo }.ToByteArray(), RowGuard.None));
        await store.TransactAsync(writes, cancellation);
        foreach (var row in rows)
        {
            // Only what was written: a newer value of the same row keeps waiting.
            ((ICollection<KeyValuePair<string, Row>>)_overlay).Remove(row);
        }
    }

    /// <summary>Forgets everything: another writer went on.</summary>
    public void Clear()
    {
        _overlay.Clear();
        _cache.Clear();
    }

    private void Set(DocumentKey key, Wire.DocumentHead head)
    {
        _overlay[keys.Document(key)] = new Row(head.ToByteArray());
        Remember(key, head);
    }

    private void Remember(DocumentKey key, Wire.DocumentHead head)
    {
        if (_cache.Count >= CacheLimit)
        {
            _cache.Clear();
        }

        _cache[key] = head;
    }

    /// <summary>Compared by reference: two writes of one row are never equal.</summary>
    private sealed class Row(byte[] value)
    {
        public byte[] Value { get; } = value;
    }
}
