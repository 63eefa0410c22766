using EdgeMesh.Replication.Storage;
using Google.Protobuf;

namespace EdgeMesh.Replication.Documents;

/// <summary>The rows derived from batches: document heads, idempotency, feed positions. Those of recent batches wait here until
/// <see cref="RowDeriver"/> has written them; readers and the writer see them at once.</summary>
internal sealed class DerivedRows(IJournalStore store, JournalOptions options)
{
    private const int StampCount = 256;
    private const int ParsedFactor = 4;

    private readonly Lock _gate = new();
    private readonly RecentCache<string, (IMessage Message, int Bytes)> _clean = new(options.CacheBytes, r => r.Bytes);

    /// <summary>Counts how often rows of a stripe changed: a reader whose stripe moved while it read does not cache what it found.</summary>
    private readonly long[] _stamps = new long[StampCount];
    private Dictionary<string, IMessage> _dirty = new(StringComparer.Ordinal);
    private HashSet<string> _obsolete = new(StringComparer.Ordinal);
    private (uint Epoch, long Batch) _upTo;

    /// <summary>Rows that wait to be written.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _dirty.Count;
            }
        }
    }

    public async ValueTask<T?> FindAsync<T>(string key, MessageParser<T> parser, CancellationToken cancellation)
        where T : class, IMessage<T> => (await FindManyAsync([key], parser, cancellation))[0];

    /// <summary>Rows in the order of the keys; what is not in memory is read together.</summary>
    public async ValueTask<T?[]> FindManyAsync<T>(IReadOnlyList<string> keys, MessageParser<T> parser, CancellationToken cancellation)
        where T : class, IMessage<T>
    {
        var found = new T?[keys.Count];
        var missing = new List<(int Index, long Stamp)>();
        lock (_gate)
        {
            for (var i = 0; i < keys.Count; i++)
            {
                if (FindInMemory(keys[i]) is { } message)
                {
                    found[i] = (T)message;
                }
                else
                {
                    missing.Add((i, _stamps[Stripe(keys[i])]));
                }
            }
        }

        if (missing.Count > 0)
        {
            var stored = await store.GetRowsAsync([.. missing.Select(m => keys[m.Index])], cancellation);
            for (var i = 0; i < missing.Count; i++)
            {
                if (stored[i] is { } row)
                {
                    found[missing[i].Index] = Keep(keys[missing[i].Index], parser.ParseFrom(row.Value.Span), missing[i].Stamp);
                }
            }
        }

        return found;
    }

    /// <summary>Shows the effects of a durable batch.</summary>
    public void Publish(BatchEffects effects, uint epoch, long batch)
    {
        lock (_gate)
        {
            foreach (var (key, message) in effects.Changed)
            {
                SetDirty(key, message);
            }

            _obsolete.UnionWith(effects.Obsolete);
            _upTo = (epoch, batch);
        }
    }

    /// <summary>Shows a row that belongs to no batch and may be lost in a crash: a feed's position that moved past what was filtered.</summary>
    public void Publish(string key, IMessage message)
    {
        lock (_gate)
        {
            SetDirty(key, message);
        }
    }

    /// <summary>All that waits, to be written.</summary>
    public WaitingRows Take()
    {
        lock (_gate)
        {
            return new WaitingRows([.. _dirty], [.. _obsolete], _upTo);
        }
    }

    /// <summary>What was taken is written; what changed since keeps waiting.</summary>
    public void Written(WaitingRows written)
    {
        lock (_gate)
        {
            foreach (var (key, message) in written.Rows)
            {
                if (_dirty.TryGetValue(key, out var now) && ReferenceEquals(now, message))
                {
                    _dirty.Remove(key);
                    _clean.Set(key, (message, message.CalculateSize() * ParsedFactor));
                }
            }

            _obsolete.ExceptWith(written.Obsolete);
        }
    }

    /// <summary>Forgets everything: another writer has moved the journal.</summary>
    public void Clear((uint Epoch, long Batch) upTo)
    {
        lock (_gate)
        {
            (_dirty, _obsolete, _upTo) = (new(StringComparer.Ordinal), new(StringComparer.Ordinal), upTo);
            _clean.Clear();
            for (var i = 0; i < StampCount; i++)
            {
                _stamps[i]++;
            }
        }
    }

    private IMessage? FindInMemory(string key) =>
        _dirty.TryGetValue(key, out var waiting) ? waiting : _clean.TryGet(key, out var row) ? row.Message : null;

    private void SetDirty(string key, IMessage message)
    {
        _dirty[key] = message;
        _clean.Remove(key);
        _stamps[Stripe(key)]++;
    }

    private T Keep<T>(string key, T message, long stamp)
        where T : class, IMessage<T>
    {
        lock (_gate)
        {
            if (_stamps[Stripe(key)] == stamp)
            {
                _clean.Set(key, (message, message.CalculateSize() * ParsedFactor));
            }
        }

        return message;
    }

    private static int Stripe(string key) => (int)((uint)string.GetHashCode(key) % StampCount);
}

/// <summary>Rows that wait to be written.</summary>
/// <param name="Rows">Their keys and values.</param>
/// <param name="Obsolete">Bodies to delete.</param>
/// <param name="UpTo">The batch up to which the rows are complete once these are written.</param>
internal sealed record WaitingRows(IReadOnlyList<KeyValuePair<string, IMessage>> Rows, IReadOnlyList<string> Obsolete, (uint Epoch, long Batch) UpTo)
{
    public bool IsEmpty => Rows.Count == 0 && Obsolete.Count == 0;
}
